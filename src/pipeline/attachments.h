#pragma once

#include <string>

// What stages and surfaces attach to an exchange for those who know of it, because most exchanges have none of it.
namespace gatehouse::pipeline {

// The provider that alone may serve it.
struct OnlyProvider {
  std::string name;
};

// Where its client's connection comes from: "192.0.2.7:51234". Attached where GateSettings asks for it.
struct ClientAddress {
  std::string text;
};

}  // namespace gatehouse::pipeline

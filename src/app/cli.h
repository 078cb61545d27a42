#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gatehouse::app {

// `gatehouse org create ...` and its like: calls of the admin API from a terminal.

// Whether a command's first word is one of these: "org", ..., "key", "role". `key new` and `key hash` are not.
bool IsCliCommand(std::span<char* const> words);

// Runs it, and returns the process's exit status: 0 done, 1 refused or not reached, 2 wrong usage.
int RunCli(std::span<char* const> words);

// The same, of words in texts.
int RunCli(const std::vector<std::string>& words);

// What a command asks of the API. For RunCli() and tests.
struct CliRequest {
  std::string method;
  std::string target;  // path and query
  std::string body;    // JSON, "" for none
};

// A command line, understood.
struct CliCommand {
  CliRequest request;
  std::string admin_url = "http://127.0.0.1:9090";
  std::string password_file;  // "" = GATEHOUSE_ADMIN_PASSWORD
  enum class Output : std::uint8_t { kText, kJson } output = Output::kText;
};

// `words` without the program. An empty `problem` and a request, or what is wrong with it.
struct CliParsed {
  CliCommand command;
  std::string problem;
  std::string help;  // asked for
};
// What the admin API answers to a command; the message of an answer that is none of 2xx is an error's.
base::Result<std::string> AskAdmin(const CliCommand& command);

CliParsed ParseCli(const std::vector<std::string>& words);

}  // namespace gatehouse::app

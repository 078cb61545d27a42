#include "pipeline/observer.h"

namespace gatehouse::pipeline {

std::string_view ToString(ExchangeEnd::Ending ending) {
  switch (ending) {
    case ExchangeEnd::Ending::kAnswered: return "answered";
    case ExchangeEnd::Ending::kFailed: return "failed";
    case ExchangeEnd::Ending::kCutMidStream: return "cut_mid_stream";
    case ExchangeEnd::Ending::kClientGone: return "client_gone";
  }
  return "unknown";
}

}  // namespace gatehouse::pipeline

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inspect/channel.h"
#include "inspect/finding.h"
#include "pipeline/inspection.h"

// What a guardrail outside the gateway is asked and says. docs/formats/guard-hook.md has the form for people.
namespace gatehouse::features::guard {

struct HookText {
  inspect::Channel channel = inspect::Channel::kUser;
  std::string_view text;
};

// Views into what outlives it.
struct HookQuestion {
  std::string_view request_id;
  std::string_view surface;
  std::string_view model;
  std::string_view organization;
  std::string_view principal;
  pipeline::Side side = pipeline::Side::kRequest;
  std::span<const HookText> texts;
};

std::string EncodeQuestion(const HookQuestion& question);

// By text, in order of position. kBadUpstream, with what is wrong in its detail, for what is not of the form: unknown
// texts, spans that are none, more than kMostHookFindings.
inline constexpr std::size_t kMostHookFindings = 1000;
using HookFindings = std::vector<std::vector<inspect::Finding>>;
base::Result<HookFindings> DecodeAnswer(std::string_view body, std::span<const HookText> texts);

}  // namespace gatehouse::features::guard

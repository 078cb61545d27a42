#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/random.h"
#include "net/loop.h"
#include "pipeline/authenticator.h"
#include "pipeline/observer.h"
#include "pipeline/payload_room.h"
#include "pipeline/stage.h"
#include "pipeline/surface.h"

namespace gatehouse::ingress {

// Of one surface.
struct SurfaceLimits {
  std::size_t max_body_bytes = 32U << 20U;
  base::Duration timeout = std::chrono::minutes(10);  // of an exchange, unless its model says less
};

struct GateSettings {
  std::array<SurfaceLimits, pipeline::kSurfaces> limits;
  const SurfaceLimits& LimitsOf(pipeline::Surface surface) const {
    return limits.at(static_cast<std::size_t>(surface));
  }
  enum class AttemptsHeader : std::uint8_t { kHidden, kShown } attempts_header = AttemptsHeader::kHidden;
  enum class ClientAddress : std::uint8_t { kLeftOut, kAttached } client_address = ClientAddress::kLeftOut;
  // Whether a request may wait for people, so that its client must be kept.
  enum class Holding : std::uint8_t { kNever, kMay } holding = Holding::kNever;
  std::size_t longest_payload = 0;                    // of what is copied for the record; 0: nothing is
  std::string reasoning_field = "reasoning_content";  // to openai.chat clients
  std::string pass_through_openai;  // the model whose route takes opaque requests that name none; "" refuses them
  std::string pass_through_anthropic;
};

// All that serving needs of one configuration, on one loop. Immutable but for what the authenticator remembers; every
// exchange pins the one it began with.
struct Gate {
  GateSettings settings;
  std::shared_ptr<pipeline::Authenticator> authenticator;
  std::shared_ptr<const pipeline::Pipeline> pipeline;
};

// What the surfaces need of their loop. Lives as long as the loop.
struct LoopContext {
  net::Loop& loop;
  base::Random& random;
  pipeline::ExchangeObserver& observer;
  pipeline::PayloadRoom* payload_room = nullptr;  // for copies of payloads; null: nothing but sizes is kept
};

}  // namespace gatehouse::ingress

#pragma once

#include <string>
#include <string_view>

namespace gatehouse::app {

// The configuration of `gatehouse serve` without --config: the simulated provider behind demo-small and demo-large, on
// loopback, for one key.
std::string DemoConfig(std::string_view key_hash);

std::string NewPassword();
// "sha256:..." as the configuration wants it.
std::string HashOf(std::string_view key);

// What a person sees after the start: where it listens, and a curl and an SDK call that work as they are.
std::string Welcome(std::string_view url, std::string_view admin_url, std::string_view key, std::string_view password);

}  // namespace gatehouse::app

#include "admin/stranger_watch.h"

namespace gatehouse::admin {

void StrangerWatch::Note(std::string_view address, const AdminCall& call) {
  std::string_view source = address.substr(0, address.rfind(':'));  // without the port
  if (!sources_.contains(source) && sources_.size() >= kMostSources) source = "";
  const auto [at, is_new] = sources_.try_emplace(std::string(source));
  if (!armed()) Arm(loop_.Now() + kInterval);
  if (is_new) return witness_(call);
  ++(call.login == AdminCall::Login::kFailed ? at->second.failed : at->second.other);
}

void StrangerWatch::Tell(std::uint64_t calls, AdminCall::Login login) const {
  if (calls == 0) return;
  witness_({.actor = "unknown", .resource = {}, .method = {}, .login = login, .together = calls});
}

void StrangerWatch::Flush() {
  for (auto& [source, counts] : sources_) {
    const Counts told = std::exchange(counts, {});
    Tell(told.failed, AdminCall::Login::kFailed);
    Tell(told.other, AdminCall::Login::kNone);
  }
}

// Who goes on is counted from now on; who rested for an interval begins anew.
void StrangerWatch::OnTimer() {
  std::erase_if(sources_, [](const auto& one) { return one.second.failed + one.second.other == 0; });
  Flush();
  if (!sources_.empty()) Arm(loop_.Now() + kInterval);
}

}  // namespace gatehouse::admin

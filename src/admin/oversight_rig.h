#pragma once

// For tests; never included by product code.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "admin/admin_rig.h"
#include "admin/oversight_api.h"
#include "features/oversight/schema.h"
#include "features/oversight/witness.h"
#include "features/oversight/word.h"

namespace gatehouse::admin {

struct SilentWitness final : features::oversight::Witness, features::oversight::ReviewWitness {
  void NoteStop(const features::oversight::Stop&, const features::oversight::Halted&) override {}
  void NoteLift(const features::oversight::Stop&) override {}
  void NoteRequest(const features::oversight::Approval&) override {}
  void NoteVote(const features::oversight::Approval&, const features::oversight::Vote&) override {}
  void NoteOutcome(const features::oversight::Approval&) override {}
  void NoteOpened(const features::oversight::Review&) override {}
  void NoteMissed(const features::oversight::Review&, std::string_view) override {}
  void NoteVerdict(const features::oversight::Review&, const features::oversight::Verdict&) override {}
  void NoteOverdue(const features::oversight::Review&) override {}
};

// The endpoints of human oversight.
class OversightApiTest : public AdminApiTest {
 protected:
  OversightApiTest() {
    const auto schema = features::oversight::OversightSchema();
    EXPECT_TRUE(gateway_.Await(store::Migrate(database_.get(), loop_, schema, gateway_.Soon())).ok());
  }
  base::Result<ApiReply> Send(const AdminActor& actor, std::string method, const std::string& path,
                              std::string body = {}) {
    return SendTo(api_, actor, std::move(method), path, std::move(body));
  }
  std::string Text(const AdminActor& actor, std::string method, const std::string& path, std::string body = {}) {
    const auto reply = Send(actor, std::move(method), path, std::move(body));
    return reply.ok() ? reply.value().body : reply.error().public_message;
  }
  std::uint16_t Status(const AdminActor& actor, std::string method, const std::string& path, std::string body = {}) {
    const auto reply = Send(actor, std::move(method), path, std::move(body));
    return reply.ok() ? reply.value().status : ReplyOf(reply.error()).status;
  }
  std::int64_t NowMs() {
    const auto wall = loop_.clock().Wall().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(wall).count();
  }
  // Another user, of the organization.
  AdminActor Boss(Role role, NodeId at) { return ActorOf(boss_, "acme/user:boss", role, at); }

  SilentWitness witness_;
  features::oversight::KillSwitch switch_{{.loop = loop_, .database = database_.get(), .witness = witness_}};
  features::oversight::ApprovalQueue queue_{{.loop = loop_, .database = database_.get(), .witness = witness_}};
  features::oversight::ReviewQueue reviews_{{.loop = loop_, .database = database_.get(), .witness = witness_}};
  const ReviewSettings settings_;
  OversightApi api_{OversightServices{.kill_switch = switch_,
                                      .approvals = queue_,
                                      .reviews = reviews_,
                                      .settings = settings_,
                                      .review_settings = settings_},
                    gateway_.directory};
  const NodeId boss_ = gateway_.Make(NodeKind::kUser, acme_, "boss");
};

}  // namespace gatehouse::admin

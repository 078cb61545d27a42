#pragma once

#include <string>
#include <string_view>

#include "admin/admin_actor.h"
#include "codec/json/writer.h"
#include "features/oversight/person.h"
#include "features/oversight/reviewer.h"

// What the endpoints of human oversight have in common.
namespace gatehouse::admin {

// A caller of the admin API as one who decides: two calls of the same person are known to be.
features::oversight::Person PersonOf(const AdminActor& actor);

// How one person decided, with what he said yes and no to in the words of the endpoint: "approved", "denied".
struct ReviewWords {
  std::string_view yes;
  std::string_view no;
  std::string_view rate;  // of yes
};
void WriteReviewer(codec::json::Writer& writer, const features::oversight::Reviewer& one, const ReviewWords& words);

}  // namespace gatehouse::admin

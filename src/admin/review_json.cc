#include "admin/review_json.h"

namespace gatehouse::admin {

namespace oversight = features::oversight;

oversight::Person PersonOf(const AdminActor& actor) {
  const auto& author = actor.author();
  return {.key = author.id.value != 0 ? std::to_string(author.id.value) : author.name, .name = author.name};
}

void WriteReviewer(codec::json::Writer& writer, const oversight::Reviewer& one, const ReviewWords& words) {
  writer.BeginObject()
      .Field("reviewer", one.person.name)
      .Field("decisions", one.decisions())
      .Field(words.yes, one.approved)
      .Field(words.no, one.denied)
      .Field(words.rate, static_cast<double>(one.approved) / static_cast<double>(one.decisions()))
      .Field("median_dwell_ms", one.median_dwell_ms)
      .Field("too_fast", one.too_fast)
      .Field("rubber_stamp", one.pattern == oversight::Reviewer::Pattern::kRubberStamp);
  if (one.agreed + one.differed != 0) writer.Field("agreed", one.agreed).Field("differed", one.differed);
  if (one.caught + one.missed != 0) writer.Field("planted_caught", one.caught).Field("planted_missed", one.missed);
  writer.EndObject();
}

}  // namespace gatehouse::admin

#include "inspect/text/mapped_text.h"

#include <algorithm>

#include "base/check.h"

namespace gatehouse::inspect::text {

namespace {

using Segment = MappedText::Segment;

// Where the byte at `at`, which is in `segment`, came from.
Span FromOfByte(const Segment& segment, std::size_t at) {
  if (segment.kind == Segment::Kind::kReplaced) return {.begin = segment.begin, .end = segment.end};
  const std::size_t offset = at - segment.at;
  const bool mirrored = segment.kind == Segment::Kind::kMirrored;
  const std::size_t begin = mirrored ? segment.end - 1 - offset : segment.begin + offset;
  return {.begin = begin, .end = begin + 1};
}

}  // namespace

void MappedText::Clear() {
  text_.clear();
  segments_.clear();
}

void MappedText::Copy(std::string_view bytes, std::size_t begin) {
  if (bytes.empty()) return;
  const auto end = static_cast<std::uint32_t>(begin + bytes.size());
  if (!segments_.empty() && segments_.back().kind == Segment::Kind::kCopied && segments_.back().end == begin) {
    segments_.back().end = end;
  } else {
    segments_.push_back({.at = static_cast<std::uint32_t>(text_.size()),
                         .begin = static_cast<std::uint32_t>(begin),
                         .end = end,
                         .kind = Segment::Kind::kCopied});
  }
  text_.append(bytes);
}

void MappedText::Mirror(std::string_view bytes, std::size_t begin) {
  if (bytes.empty()) return;
  segments_.push_back({.at = static_cast<std::uint32_t>(text_.size()),
                       .begin = static_cast<std::uint32_t>(begin),
                       .end = static_cast<std::uint32_t>(begin + bytes.size()),
                       .kind = Segment::Kind::kMirrored});
  text_.append(bytes.rbegin(), bytes.rend());
}

void MappedText::Replace(std::string_view bytes, Span from) {
  if (bytes.empty()) return;
  segments_.push_back({.at = static_cast<std::uint32_t>(text_.size()),
                       .begin = static_cast<std::uint32_t>(from.begin),
                       .end = static_cast<std::uint32_t>(from.end),
                       .kind = Segment::Kind::kReplaced});
  text_.append(bytes);
}

Span MappedText::From(Span part) const {
  GH_DCHECK(part.begin < part.end && part.end <= text_.size());
  const auto holding = [this](std::size_t at) {
    return std::ranges::upper_bound(segments_, at, {}, [](const Segment& s) { return std::size_t{s.at}; }) - 1;
  };
  const Span first = FromOfByte(*holding(part.begin), part.begin);
  const Span last = FromOfByte(*holding(part.end - 1), part.end - 1);
  // Of a text in reverse order the last part comes first.
  return {.begin = std::min(first.begin, last.begin), .end = std::max(first.end, last.end)};
}

std::size_t MappedText::Behind(std::size_t offset) const {
  const auto found =
      std::ranges::upper_bound(segments_, offset, {}, [](const Segment& s) { return std::size_t{s.end}; });
  if (found == segments_.end()) return text_.size();
  const bool within = found->kind == Segment::Kind::kCopied && found->begin < offset;
  return within ? found->at + (offset - found->begin) : found->at;
}

Rewriting::Rewriting(const MappedText& source, MappedText& result, std::size_t limit)
    : source_(source), result_(result), limit_(limit) {
  result_.Clear();
}

const Segment& Rewriting::SegmentAt(std::size_t at) {
  const std::span<const Segment> all = source_.segments();
  while (segment_ + 1 < all.size() && all[segment_ + 1].at <= at) ++segment_;
  return all[segment_];
}

bool Rewriting::Fits(std::size_t bytes) {
  if (result_.text().size() + bytes > limit_) full_ = true;
  return !full_;
}

void Rewriting::Keep(std::size_t begin, std::size_t end) {
  GH_DCHECK(done_ <= begin && end <= source_.text().size());
  if (begin != done_) changed_ = true;
  done_ = std::max(begin, end);
  while (begin < end) {
    const Segment& segment = SegmentAt(begin);
    const std::span<const Segment> all = source_.segments();
    const std::size_t next = segment_ + 1 < all.size() ? all[segment_ + 1].at : source_.text().size();
    const std::size_t stop = std::min(end, next);
    if (!Fits(stop - begin)) return;
    const std::string_view bytes = source_.text().substr(begin, stop - begin);
    if (segment.kind == Segment::Kind::kCopied) {
      result_.Copy(bytes, segment.begin + (begin - segment.at));
    } else {
      result_.Replace(bytes, {.begin = segment.begin, .end = segment.end});
    }
    begin = stop;
  }
}

Span Rewriting::FromOf(Span part) {
  const Span first = FromOfByte(SegmentAt(part.begin), part.begin);
  const Span last = FromOfByte(SegmentAt(part.end - 1), part.end - 1);
  return {.begin = std::min(first.begin, last.begin), .end = std::max(first.end, last.end)};
}

void Rewriting::Replace(Span part, std::string_view bytes) {
  GH_DCHECK(done_ <= part.begin && part.begin < part.end && part.end <= source_.text().size());
  changed_ = true;
  done_ = part.end;
  if (Fits(bytes.size())) result_.Replace(bytes, FromOf(part));
}

}  // namespace gatehouse::inspect::text

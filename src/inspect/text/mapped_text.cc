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

// Where the bytes from `first` to `last` came from, all in `segment`.
Span FromOfBytes(const Segment& segment, std::size_t first, std::size_t last) {
  const Span one = FromOfByte(segment, first);
  const Span other = FromOfByte(segment, last);
  return {.begin = std::min(one.begin, other.begin), .end = std::max(one.end, other.end)};
}

// Appends what came from `begin` on from the end, characters whole.
void MirrorCharacters(std::string_view bytes, std::size_t begin, MappedText& result) {
  for (std::size_t end = bytes.size(); end != 0;) {
    std::size_t at = end;
    while (at != 0 && static_cast<unsigned char>(bytes[at - 1]) < 0x80) --at;
    result.Mirror(bytes.substr(at, end - at), begin + at);
    if (at == 0) return;
    end = at--;
    while (at != 0 && end - at < 4 && (static_cast<unsigned char>(bytes[at]) & 0xC0) == 0x80) --at;
    result.Replace(bytes.substr(at, end - at), {.begin = begin + at, .end = begin + end});
    end = at;
  }
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
  const std::size_t at = text_.size();
  CopyMirrored(bytes, begin);
  std::reverse(text_.begin() + static_cast<std::ptrdiff_t>(at), text_.end());
}

void MappedText::CopyMirrored(std::string_view bytes, std::size_t begin) {
  if (bytes.empty()) return;
  segments_.push_back({.at = static_cast<std::uint32_t>(text_.size()),
                       .begin = static_cast<std::uint32_t>(begin),
                       .end = static_cast<std::uint32_t>(begin + bytes.size()),
                       .kind = Segment::Kind::kMirrored});
  text_.append(bytes);
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
  auto segment = holding(part.begin);
  const auto last = holding(part.end - 1);
  Span from = FromOfBytes(*segment, part.begin, segment == last ? part.end - 1 : (segment + 1)->at - 1);
  while (segment != last) {
    ++segment;
    const std::size_t end = segment == last ? part.end : (segment + 1)->at;
    const Span next = FromOfBytes(*segment, segment->at, end - 1);
    from = {.begin = std::min(from.begin, next.begin), .end = std::max(from.end, next.end)};
  }
  return from;
}

bool MappedText::Keeps(std::size_t at, std::size_t offset) const {
  const auto next = std::ranges::lower_bound(segments_, at, {}, [](const Segment& s) { return std::size_t{s.at}; });
  const Segment& before = *(next - 1);
  if (before.IsBorder() || (next != segments_.end() && next->at == at && next->IsBorder())) return true;
  return before.kind != Segment::Kind::kReplaced && FromOfByte(before, at - 1).end == offset;
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
    } else if (segment.kind == Segment::Kind::kMirrored) {
      result_.CopyMirrored(bytes, segment.end - (stop - segment.at));
    } else {
      result_.Replace(bytes, {.begin = segment.begin, .end = segment.end});
    }
    begin = stop;
  }
}

Span Rewriting::FromOf(Span part) {
  Span from = FromOfByte(SegmentAt(part.begin), part.begin);
  for (std::size_t at = part.begin + 1; at < part.end; ++at) {  // parts that are replaced are short
    const Span next = FromOfByte(SegmentAt(at), at);
    from = {.begin = std::min(from.begin, next.begin), .end = std::max(from.end, next.end)};
  }
  return from;
}

void Rewriting::Replace(Span part, std::string_view bytes) {
  GH_DCHECK(done_ <= part.begin && part.begin < part.end && part.end <= source_.text().size());
  changed_ = true;
  done_ = part.end;
  if (Fits(bytes.size())) result_.Replace(bytes, FromOf(part));
}

void Rewriting::Mirror(std::size_t begin, std::size_t end) {
  changed_ = true;
  done_ = end;
  if (begin >= end || !Fits(end - begin)) return;
  const std::span<const Segment> all = source_.segments();
  SegmentAt(end - 1);
  for (std::size_t number = segment_; end > begin; --number) {
    const Segment& segment = all[number];
    const std::size_t first = std::max<std::size_t>(begin, segment.at);
    const std::string_view bytes = source_.text().substr(first, end - first);
    if (segment.kind == Segment::Kind::kCopied) {
      MirrorCharacters(bytes, segment.begin + (first - segment.at), result_);
    } else {
      result_.Replace(bytes, {.begin = segment.begin, .end = segment.end});
    }
    end = first;
  }
}

}  // namespace gatehouse::inspect::text

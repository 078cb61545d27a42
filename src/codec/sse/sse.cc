#include "codec/sse/sse.h"

#include "codec/text/scan.h"

namespace gatehouse::codec::sse {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

const char* FindLineEnd(const char* begin, const char* end) { return text::Find<text::LineEnd>(begin, end); }

// Cuts the first line and its end off `rest`. A last line needs no end.
std::string_view TakeLine(std::string_view& rest) {
  const char* const end = rest.data() + rest.size();
  const char* const stop = FindLineEnd(rest.data(), end);
  const std::string_view line(rest.data(), static_cast<std::size_t>(stop - rest.data()));
  const bool two = end - stop >= 2 && stop[0] == '\r' && stop[1] == '\n';
  rest.remove_prefix(line.size() + (two ? 2 : stop == end ? 0 : 1));
  return line;
}

struct Field {
  std::string_view name;
  std::string_view value;
};

Field SplitField(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return {line, {}};
  std::string_view value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  return {line.substr(0, colon), value};
}

void AppendLine(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).push_back('\n');
}

}  // namespace

void Parser::Feed(std::string_view bytes) { input_ = bytes; }

std::size_t Parser::FindFrameEnd() {
  const char* const begin = input_.data();
  const char* const end = begin + input_.size();
  const char* at = begin;
  if (line_ == Line::kCarriageReturn || line_ == Line::kLastCarriageReturn) {
    if (at == end) return kNoFrameEnd;
    const bool last = line_ == Line::kLastCarriageReturn;
    if (*at == '\n') ++at;
    line_ = Line::kEmpty;
    if (last) return static_cast<std::size_t>(at - begin);
  }
  while (at != end) {
    const char* const stop = FindLineEnd(at, end);
    if (stop != at) line_ = Line::kText;
    if (stop == end) return kNoFrameEnd;
    const bool blank = line_ == Line::kEmpty;
    at = stop + 1;
    if (*stop == '\r') {
      if (at == end) {
        line_ = blank ? Line::kLastCarriageReturn : Line::kCarriageReturn;
        return kNoFrameEnd;
      }
      if (*at == '\n') ++at;
    }
    line_ = Line::kEmpty;
    if (blank) return static_cast<std::size_t>(at - begin);
  }
  return kNoFrameEnd;
}

base::Error Parser::TooLarge() {
  carry_state_ = Carry::kFailed;
  return {.code = base::ErrorCode::kBadUpstream,
          .source = base::ErrorSource::kUpstream,
          .public_message = "The upstream sent an event larger than this gateway accepts.",
          .detail = "server-sent event larger than " + std::to_string(max_frame_bytes_) + " bytes"};
}

base::Result<Parser::Outcome> Parser::Next(Frame& frame) {
  while (carry_state_ != Carry::kFailed) {
    const std::size_t end = FindFrameEnd();
    const bool found = end != kNoFrameEnd;
    const std::string_view piece = input_.substr(0, found ? end : input_.size());
    if (carry_state_ == Carry::kReturned) {
      active_ = 1 - active_;
      carry().clear();
      carry_state_ = Carry::kUnfinished;
    }
    if (carry().size() + piece.size() > max_frame_bytes_) return TooLarge();
    input_.remove_prefix(piece.size());
    if (!found) {
      carry().append(piece);
      return Outcome::kNeedMore;
    }
    std::string_view raw = piece;
    if (!carry().empty()) {
      raw = carry().append(piece);
      carry_state_ = Carry::kReturned;
    }
    if (ParseFrame(raw, frame) == Outcome::kFrame) return Outcome::kFrame;
  }
  return TooLarge();
}

base::Result<Parser::Outcome> Parser::Finish(Frame& frame) {
  if (carry_state_ == Carry::kFailed) return TooLarge();
  if (carry_state_ == Carry::kReturned || carry().empty()) return Outcome::kNeedMore;
  carry_state_ = Carry::kReturned;
  line_ = Line::kEmpty;
  return ParseFrame(carry(), frame);
}

Parser::Outcome Parser::ParseFrame(std::string_view raw, Frame& frame) {
  if (first_ && raw.starts_with(kByteOrderMark)) raw.remove_prefix(kByteOrderMark.size());
  first_ = false;
  frame = {};
  frame.raw = raw;
  int data_lines = 0;
  while (!raw.empty()) {
    const auto [name, value] = SplitField(TakeLine(raw));
    if (name == "data") {
      if (++data_lines == 1) {
        frame.data = value;
        continue;
      }
      if (data_lines == 2) joined_ = frame.data;
      joined_.append(1, '\n').append(value);
    } else if (name == "event") {
      frame.event = value;
    } else if (name == "id" && value.find('\0') == std::string_view::npos) {
      frame.id = value;
    }
  }
  if (data_lines > 1) frame.data = joined_;
  return data_lines > 0 || !frame.event.empty() ? Outcome::kFrame : Outcome::kNeedMore;
}

void AppendFrame(std::string& out, std::string_view event, std::string_view data) {
  if (!event.empty()) AppendLine(out, "event", TakeLine(event));
  while (true) {
    const std::string_view line = TakeLine(data);
    AppendLine(out, "data", line);
    const char* const behind = line.data() + line.size();
    if (data.data() == behind) break;
  }
  out.push_back('\n');
}

}  // namespace gatehouse::codec::sse

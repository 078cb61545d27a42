#include "codec/text/csv.h"

#include <utility>

namespace gatehouse::codec::text {
namespace {

// One pass over one table.
class Reader {
 public:
  Reader(std::string_view text, char delimiter, const CsvLimits& limits)
      : text_(text), delimiter_(delimiter), limits_(limits) {}

  base::Result<std::vector<CsvRecord>> Read() {
    while (at_ < text_.size()) {
      if (AtLineEnd()) {
        TakeLineEnd();
        continue;
      }
      if (records_.size() >= limits_.records) return Wrong("the table has too many lines");
      GH_CHECK_OK(ReadRecord());
    }
    return std::move(records_);
  }

 private:
  base::Error Wrong(std::string_view what) const {
    return base::InvalidRequest("line " + std::to_string(line_) + ": " + std::string(what));
  }
  bool AtLineEnd() const { return text_.substr(at_).starts_with("\r\n") || text_[at_] == '\n'; }
  void TakeLineEnd() {
    at_ += text_[at_] == '\r' ? 2 : 1;
    ++line_;
  }

  base::Status ReadRecord() {
    CsvRecord record;
    for (;;) {
      if (record.size() >= limits_.fields) return Wrong("too many fields");
      GH_TRY(std::string field, ReadField());
      record.push_back(std::move(field));
      if (at_ >= text_.size()) break;
      if (AtLineEnd()) {
        TakeLineEnd();
        break;
      }
      ++at_;  // the delimiter
    }
    records_.push_back(std::move(record));
    return base::Ok();
  }

  base::Result<std::string> ReadField() {
    if (at_ < text_.size() && text_[at_] == '"') return ReadQuoted();
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != delimiter_ && !AtLineEnd()) {
      if (text_[at_] == '"') return Wrong("a quote within a field that does not begin with one");
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  base::Result<std::string> ReadQuoted() {
    std::string field;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] != '"') {
        field.push_back(text_[at_]);
      } else if (text_.substr(at_ + 1).starts_with('"')) {
        field.push_back('"');
        ++at_;
      } else {
        ++at_;
        if (at_ < text_.size() && text_[at_] != delimiter_ && !AtLineEnd()) return Wrong("more follows a closed quote");
        return field;
      }
    }
    return Wrong("a quote is not closed");
  }

  const std::string_view text_;
  const char delimiter_;
  const CsvLimits limits_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::vector<CsvRecord> records_;
};

}  // namespace

base::Result<std::vector<CsvRecord>> ParseCsv(std::string_view text, char delimiter, const CsvLimits& limits) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return Reader(text, delimiter, limits).Read();
}

}  // namespace gatehouse::codec::text

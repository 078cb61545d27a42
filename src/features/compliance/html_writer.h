#pragma once

#include <string>
#include <string_view>

namespace gatehouse::features::compliance {

// `text` as it may stand between tags and in quoted attributes.
std::string Escaped(std::string_view text);

// Writes HTML to the end of a text. Text() escapes; the rest is the program's own.
class HtmlWriter {
 public:
  explicit HtmlWriter(std::string& out) : out_(&out) {}

  HtmlWriter& Raw(std::string_view html) {
    out_->append(html);
    return *this;
  }
  HtmlWriter& Text(std::string_view text) {
    out_->append(Escaped(text));
    return *this;
  }
  // <tag>text</tag>; `open` may have attributes: "td class=\"n\"".
  HtmlWriter& Element(std::string_view open, std::string_view text) {
    out_->append("<").append(open).append(">");
    return Text(text).Close(open);
  }
  HtmlWriter& Close(std::string_view open) {
    out_->append("</").append(open.substr(0, open.find(' '))).append(">");
    return *this;
  }

 private:
  std::string* out_;
};

}  // namespace gatehouse::features::compliance

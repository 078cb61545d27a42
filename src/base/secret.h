#pragma once

#include <string.h>  // explicit_bzero

#include <string>
#include <string_view>
#include <utility>

namespace gatehouse::base {

// A credential in memory. It cannot be printed, formatted or compared by accident, and its bytes are overwritten when
// it dies or moves. Compare with codec::crypto::ConstantTimeEquals. A value; one thread at a time.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) {
    text_.swap(text);
    Wipe(text);
  }
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept {
    text_.swap(other.text_);
    Wipe(other.text_);
  }
  Secret& operator=(const Secret& other) {
    if (this != &other) *this = Secret(other);
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    text_.swap(other.text_);
    Wipe(other.text_);
    return *this;
  }
  ~Secret() { Wipe(text_); }

  bool empty() const { return text_.empty(); }
  // The only way to the text. Valid while the Secret lives unchanged; the caller lets no copy outlive its need.
  std::string_view Reveal() const { return text_; }

 private:
  // A swapped string may keep short text in place, so the whole capacity goes.
  static void Wipe(std::string& text) {
    text.resize(text.capacity());
    explicit_bzero(text.data(), text.size());
    text.clear();
  }

  std::string text_;
};

}  // namespace gatehouse::base

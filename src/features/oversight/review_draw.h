#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/secret.h"

namespace gatehouse::features::oversight {

// Which of the exchanges of a rule are looked at. They are numbered as they end, so that nobody outside has a hand in
// what is drawn, and whoever has the key can draw again: of the number N of a process, it is one of a share when
// the first eight bytes of HMAC-SHA-256(key, "PROCESS/RULE/N"), most significant first, modulo 1,000,000 are less
// than the share in millionths. Thread-safe.
class ReviewDraw {
 public:
  // `process` is of no other process ever: "1795355206123456-3fa9c2d1".
  ReviewDraw(base::Secret key, std::string process) : key_(std::move(key)), process_(std::move(process)) {}
  ReviewDraw(const ReviewDraw&) = delete;
  ReviewDraw& operator=(const ReviewDraw&) = delete;
  ~ReviewDraw() = default;

  // How many exchanges of the rule have been numbered; lives as long as this.
  std::atomic<std::uint64_t>& CountOf(std::string_view rule);

  // What is drawn for a number: "1795355206123456-3fa9c2d1/sample/17".
  std::string TextOf(std::string_view rule, std::uint64_t number) const;
  bool Chooses(std::string_view text, std::int64_t share_ppm) const;

 private:
  const base::Secret key_;
  const std::string process_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<std::atomic<std::uint64_t>>, std::less<>> counts_;  // guarded by mutex_
};

}  // namespace gatehouse::features::oversight

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "features/accounting/packing.h"
#include "features/accounting/row.h"
#include "features/accounting/treasury.h"
#include "store/database.h"

namespace gatehouse::features::accounting {

// How coarse sums are kept.
enum class Grain : std::uint8_t { kMinute, kHour, kDay };

std::string_view TableOf(Grain grain);                         // "rollup_minute", ...
std::int64_t BeginOf(Grain grain, std::int64_t milliseconds);  // of the piece of UTC that a time lies in

// What a row takes of the limits on its way. Views into it.
Treasury::Use UseOf(const Row& row);

// Rows that go into the database together: a block of bytes for all of them, their sums, and what they use up of
// limits. Per row it costs a copy, a look at its sums' key and some additions. One thread.
class BlockBuilder {
 public:
  // With room for so many; more may come.
  explicit BlockBuilder(std::size_t rows = 0);

  // `bytes` are a row's. False, and nothing is added, for bytes that are none.
  enum class Added : std::uint8_t { kYes, kNoRow };
  Added Add(std::int64_t number, std::string_view bytes);
  std::size_t rows() const { return rows_; }

  // The unit of work, and an empty builder. Applied again, the unit fails with kConflict, because its block is there:
  // so that one whose outcome is not known can be repeated.
  std::vector<store::Statement> Take(std::int64_t journal, std::int64_t block, const Treasury& treasury);

 private:
  // What rows of one key and second add up to; what is needed of the key itself is read again from its bytes.
  struct Sums {
    std::int64_t exchanges = 0;
    std::int64_t estimated = 0;
    std::int64_t charged = 0;  // those that count as requests
    std::int64_t input = 0;
    std::int64_t cache_read = 0;
    std::int64_t cache_write = 0;
    std::int64_t output = 0;
    std::int64_t reasoning = 0;
    std::int64_t tokens = 0;
    base::NanoUsd cost;
    std::int64_t duration_us = 0;
  };
  struct Group {
    std::string sample;  // bytes of one of its rows
    std::int64_t second = 0;
    Sums sums;
  };

  Group& GroupOf(std::string_view key, std::int64_t second, std::string_view bytes);
  static void Add(Sums& sums, const Row& row);
  static void Add(Sums& sums, const Sums& more);
  void AddRollups(Grain grain, std::vector<store::Statement>& unit) const;
  void AddLimitUse(std::int64_t journal, const Treasury& treasury, std::vector<store::Statement>& unit) const;

  std::string content_;
  RowPacker packer_;                     // into content_
  std::vector<std::uint64_t> requests_;  // hashes of their ids
  std::size_t rows_ = 0;
  std::int64_t in_doubt_ = 0;
  std::int64_t least_ = 0;  // number
  std::int64_t most_ = 0;
  std::int64_t first_ms_ = 0;
  std::int64_t last_ms_ = 0;
  std::unordered_map<std::string, Group> groups_;  // by key and second
  Group* latest_ = nullptr;                        // of groups_: the last row's
  std::string key_;                                // its key
  std::string names_;                              // its names
};

// Calls `visit` for the rows of a block, until it says stop. kInternal for a content that is damaged.
enum class Going : std::uint8_t { kOn, kStop };
base::Status ReadBlock(std::string_view content,
                       const std::function<Going(std::int64_t number, std::string_view bytes)>& visit);

// Whether a block with those bits, a Bloom filter over the ids of its requests, can have a request of that id: no, or
// perhaps.
bool MayHaveRequest(std::string_view requests, std::string_view request_id);

}  // namespace gatehouse::features::accounting

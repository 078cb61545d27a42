#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace gatehouse::http {

// Read buffers of one size, kept for reuse by the connections of one loop: a connection holds one only while it has
// something to read. Belongs to its loop; outlives the buffers.
class BufferPool {
 public:
  static constexpr std::size_t kBufferBytes = 16 * 1024;  // a TLS record
  static constexpr std::size_t kMaxKept = 64;             // 1 MiB; what comes back beyond it goes to the allocator

  std::unique_ptr<char[]> Take();
  void GiveBack(std::unique_ptr<char[]> buffer);
  std::size_t kept() const { return kept_.size(); }

 private:
  std::vector<std::unique_ptr<char[]>> kept_;
};

// Bytes received and not yet used up. Owns a pooled buffer between the first Room() and Release(), one of its own size
// after Shrink(), or a larger one after it had to grow.
class ReadBuffer {
 public:
  explicit ReadBuffer(BufferPool& pool) : pool_(&pool) {}
  ReadBuffer(ReadBuffer&& other) noexcept;
  ReadBuffer& operator=(ReadBuffer&&) = delete;
  ~ReadBuffer() { Drop(); }

  std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  std::span<char> writable_view() { return {bytes_.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }

  // Free space behind the bytes; may move them to make some. Empty only when the buffer is full.
  std::span<char> Room();
  // The same without moving anything: views stay valid.
  std::span<char> RoomBehind();
  void Commit(std::size_t bytes) { end_ += bytes; }
  void Consume(std::size_t bytes) { begin_ += bytes; }
  // Makes the buffer at least `capacity` bytes large.
  void Grow(std::size_t capacity);
  std::size_t capacity() const { return capacity_; }
  // A few bytes move into memory of their own size, and the pooled buffer goes back: for bytes that are kept over the
  // turn, of which thousands of streams may have some. Views into it are over.
  void Shrink();
  // Gives the memory back if no byte is left in it.
  void Release();

 private:
  void Acquire();
  void Drop();

  BufferPool* pool_;
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace gatehouse::http

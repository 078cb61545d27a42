#include "http/read_buffer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <string_view>

namespace gatehouse::http {
namespace {

void Receive(ReadBuffer& buffer, std::string_view bytes) {
  const auto room = buffer.Room();
  ASSERT_GE(room.size(), bytes.size());
  std::memcpy(room.data(), bytes.data(), bytes.size());
  buffer.Commit(bytes.size());
}

TEST(ReadBufferTest, AFewBytesMoveOutOfThePooledBuffer) {
  BufferPool pool;
  ReadBuffer buffer(pool);
  Receive(buffer, "one event");
  buffer.Consume(4);
  buffer.Shrink();
  EXPECT_EQ(buffer.view(), "event");
  EXPECT_EQ(buffer.capacity(), 5u);
  EXPECT_EQ(pool.kept(), 1u);
}

TEST(ReadBufferTest, WhatComesAfterAShrunkBufferWasUsedUpHasThePooledRoomAgain) {
  BufferPool pool;
  ReadBuffer buffer(pool);
  Receive(buffer, "event");
  buffer.Shrink();
  buffer.Consume(5);
  EXPECT_EQ(buffer.Room().size(), BufferPool::kBufferBytes);
  EXPECT_EQ(pool.kept(), 0u);
}

TEST(ReadBufferTest, BytesLeftInAShrunkBufferKeepTheirPlaceBeforeWhatComes) {
  BufferPool pool;
  ReadBuffer buffer(pool);
  Receive(buffer, "data: begun");
  buffer.Consume(6);
  buffer.Shrink();
  Receive(buffer, " and ended");
  EXPECT_EQ(buffer.view(), "begun and ended");
}

TEST(ReadBufferTest, ManyBytesAndNoneStayWhereTheyAre) {
  BufferPool pool;
  ReadBuffer buffer(pool);
  Receive(buffer, std::string(BufferPool::kBufferBytes / 2, 'x'));
  const char* const before = buffer.view().data();
  buffer.Shrink();
  EXPECT_EQ(buffer.view().data(), before);
  buffer.Consume(buffer.size());
  buffer.Shrink();
  EXPECT_EQ(buffer.capacity(), BufferPool::kBufferBytes);
}

}  // namespace
}  // namespace gatehouse::http

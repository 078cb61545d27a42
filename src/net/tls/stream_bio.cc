#include "net/tls/stream_bio.h"

#include <span>
#include <string_view>

#include "base/check.h"

namespace gatehouse::net::tls {

namespace {

Stream& TransportOf(BIO* bio) { return *static_cast<Stream*>(BIO_get_data(bio)); }

int Read(BIO* bio, char* into, std::size_t size, std::size_t* bytes) {
  BIO_clear_retry_flags(bio);
  const auto outcome = TransportOf(bio).TryRead(std::span(into, size));
  *bytes = outcome.bytes;
  if (outcome.state == IoState::kWouldBlock) BIO_set_retry_read(bio);
  if (outcome.state == IoState::kEnd) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return outcome.state == IoState::kDone ? 1 : 0;
}

int Write(BIO* bio, const char* from, std::size_t size, std::size_t* bytes) {
  BIO_clear_retry_flags(bio);
  const std::string_view piece(from, size);
  const auto outcome = TransportOf(bio).TryWrite(std::span(&piece, 1));
  *bytes = outcome.bytes;
  if (outcome.state == IoState::kWouldBlock) BIO_set_retry_write(bio);
  return outcome.state == IoState::kDone ? 1 : 0;
}

long Control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    default: return 0;
  }
}

BioMethodPtr MakeMethod() {
  BioMethodPtr method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream"));
  GH_CHECK(method != nullptr);
  BIO_meth_set_read_ex(method.get(), Read);
  BIO_meth_set_write_ex(method.get(), Write);
  BIO_meth_set_ctrl(method.get(), Control);
  return method;
}

}  // namespace

BioPtr MakeStreamBio(Stream& transport) {
  static const BioMethodPtr method = MakeMethod();  // immutable, shared by all threads
  BioPtr bio(BIO_new(method.get()));
  GH_CHECK(bio != nullptr);
  BIO_set_data(bio.get(), &transport);
  BIO_set_init(bio.get(), 1);
  return bio;
}

}  // namespace gatehouse::net::tls

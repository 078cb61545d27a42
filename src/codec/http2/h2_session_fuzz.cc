#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "codec/http2/preface.h"
#include "codec/http2/recording.h"

namespace gatehouse::codec::http2 {
namespace {

const std::vector<Field> kRequest{{":method", "POST"}, {":scheme", "https"}, {":path", "/"}, {":authority", "a"}};
const std::vector<Field> kAnswer{{":status", "200"}};

// What one end was told and could act on. Of a stream that breaks off in an error more or less of the last part has
// been told by then, depending on the cuts.
std::string Seen(RecordingPeer& peer) {
  if (peer.goaways > 0) return "goaway";
  std::string seen = std::to_string(peer.pongs);
  for (const auto& stream : peer.streams) {
    seen += stream->too_large ? "\ntoo large" : "\n";
    if (stream->ended) {
      seen += stream->log + stream->body;
    } else if (stream->headed) {
      seen += stream->log.substr(0, stream->log.find("--"));
    }
  }
  return seen;
}

void Prepare(RecordingPeer& peer, Role role) {
  if (role == Role::kServer) {
    GH_CHECK(peer.session.Receive(kClientPreface, {}).ok());
  } else {
    peer.Open(kRequest, End::kEnd);
    peer.Open(kRequest, End::kMore);
    peer.Output();
  }
}

// The owner reads what came and answers, as one does.
void Answer(RecordingPeer& peer, Role role) {
  for (const auto& stream : peer.streams) {
    stream->Consume(std::min(stream->unread, std::size_t{1000}));
    stream->unread = 0;
    if (role == Role::kServer && stream->ended && stream->open()) {
      stream->Respond(kAnswer, End::kMore);
      if (!stream->sending()) stream->Supply("answer", End::kEnd);
      stream->ended = false;
    }
  }
  peer.Output();
}

void Feed(Role role, std::string_view bytes, std::size_t chunk) {
  std::string whole;
  {
    RecordingPeer peer(role);
    Prepare(peer, role);
    static_cast<void>(peer.session.Receive(bytes, {}).ok());
    whole = Seen(peer);
    Answer(peer, role);
  }
  RecordingPeer peer(role);
  Prepare(peer, role);
  for (auto rest = bytes; !rest.empty(); rest.remove_prefix(std::min(chunk, rest.size()))) {
    if (!peer.session.Receive(rest.substr(0, chunk), {}).ok()) break;
  }
  GH_CHECK(Seen(peer) == whole);
  Answer(peer, role);
}

}  // namespace
}  // namespace gatehouse::codec::http2

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::codec::http2;  // NOLINT(google-build-using-namespace): the entry is outside of all
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Feed((data[0] & 1) != 0 ? Role::kServer : Role::kClient, bytes, 1 + (data[0] >> 1));
  return 0;
}

#include "codec/http2/session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/check.h"
#include "codec/http2/callbacks.h"
#include "codec/http2/preface.h"

namespace gatehouse::codec::http2 {
namespace {

// nghttp2's own bounds, which stand behind those of SessionLimits.
constexpr std::size_t kMaxAcksHeld = 200;        // of PING and SETTINGS, for a peer that does not read
constexpr std::size_t kMaxSettingsEntries = 16;  // in one frame
constexpr std::size_t kMaxContinuations = 8;     // after one HEADERS
constexpr std::uint64_t kLibraryResetBurst = 1000;
constexpr std::uint64_t kLibraryResetRate = 100;

struct OptionDeleter {
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};

std::unique_ptr<nghttp2_option, OptionDeleter> MakeOptions() {
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_max_outbound_ack(option, kMaxAcksHeld);
  nghttp2_option_set_max_settings(option, kMaxSettingsEntries);
  nghttp2_option_set_max_continuations(option, kMaxContinuations);
  nghttp2_option_set_stream_reset_rate_limit(option, kLibraryResetBurst, kLibraryResetRate);
  return std::unique_ptr<nghttp2_option, OptionDeleter>(option);
}

std::uint8_t* Bytes(std::string_view text) {
  // nghttp2 takes pointers to non-const and only reads.
  return reinterpret_cast<std::uint8_t*>(
      const_cast<char*>(text.data()));  // NOLINT(cppcoreguidelines-pro-type-const-cast): C
}

// Whether a value hardly ever comes twice. In the peer's table it would only push out what does come again, and each
// search of the table would meet it.
bool IsUnique(std::string_view name) {
  return name == "x-request-id" || name == "traceparent" || name == "content-length";
}

std::vector<nghttp2_nv> Native(std::span<const Field> fields) {
  std::vector<nghttp2_nv> result;
  result.reserve(fields.size());
  for (const auto& [name, value] : fields) {
    const std::uint8_t flags = IsUnique(name) ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
    result.push_back({Bytes(name), Bytes(value), name.size(), value.size(), flags});
  }
  return result;
}

nghttp2_data_provider BodyOfStream() { return {.source = {.ptr = nullptr}, .read_callback = &Callbacks::OnRead}; }

base::Error Broken(std::string_view why) {
  return {.code = base::ErrorCode::kInvalidRequest,
          .source = base::ErrorSource::kClient,
          .public_message = "The HTTP/2 connection was closed: the peer broke the protocol.",
          .detail = std::string(why)};
}

}  // namespace

void Session::Deleter::operator()(nghttp2_session* session) const { nghttp2_session_del(session); }

Session::Session(Role role, const SessionLimits& limits, SessionObserver& observer)
    : role_(role),
      limits_(limits),
      observer_(observer),
      heads_(role == Role::kServer ? kClientPreface.size() : 0),
      resets_(limits.reset_burst, limits.resets_per_second),
      controls_(limits.control_burst, limits.controls_per_second) {
  const auto options = MakeOptions();
  nghttp2_session* native = nullptr;
  const auto create = role == Role::kServer ? nghttp2_session_server_new2 : nghttp2_session_client_new2;
  GH_CHECK(create(&native, &Callbacks::Table(), this, options.get()) == 0);
  session_.reset(native);
  SubmitSettings();
}

Session::~Session() {
  while (streams_ != nullptr) Detach(*streams_);
}

void Session::SubmitSettings() {
  const std::array<nghttp2_settings_entry, 4> settings{{
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits_.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits_.max_block_bytes},
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, role_ == Role::kServer ? limits_.max_streams : 0},
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
  }};
  const std::size_t count = role_ == Role::kServer ? settings.size() - 1 : settings.size();
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(), count);
  nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(limits_.connection_window));
}

base::Status Session::Receive(std::string_view bytes, base::TimePoint now) {
  now_ = now;
  const auto [completed, whole] = heads_.Split(bytes);
  if (!completed.empty()) GH_CHECK_OK(Feed(completed));
  if (!whole.empty()) GH_CHECK_OK(Feed(whole));
  return base::Ok();
}

base::Status Session::Feed(std::string_view bytes) {
  const auto taken =
      nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (!flood_.empty()) return Broken(flood_);
  if (taken < 0) return Broken(nghttp2_strerror(static_cast<int>(taken)));
  return base::Ok();
}

void Session::Produce(std::string& out, std::size_t limit) {
  while (out.size() < limit) {
    const std::uint8_t* bytes = nullptr;
    const auto size = nghttp2_session_mem_send(session_.get(), &bytes);
    if (size <= 0) return;
    out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  }
}

bool Session::finished() const {
  return nghttp2_session_want_read(session_.get()) == 0 && nghttp2_session_want_write(session_.get()) == 0;
}

base::Status Session::Open(Stream& stream, std::span<const Field> fields, End end) {
  GH_CHECK(role_ == Role::kClient && !stream.open());
  const auto native = Native(fields);
  const auto body = BodyOfStream();
  const auto id = nghttp2_submit_request(session_.get(), nullptr, native.data(), native.size(),
                                         end == End::kMore ? &body : nullptr, &stream);
  if (id < 0) {
    return base::Error{.code = base::ErrorCode::kUnavailable,
                       .source = base::ErrorSource::kUpstream,
                       .retry = base::Retry::kSameTarget,
                       .public_message = "The upstream connection takes no further request.",
                       .detail = nghttp2_strerror(id)};
  }
  Attach(stream, id);
  stream.ending_ = stream.ended_ = end == End::kEnd;
  return base::Ok();
}

std::size_t Session::room() const {
  if (goaway_received_ || nghttp2_session_check_request_allowed(session_.get()) == 0) return 0;
  const std::size_t allowed =
      nghttp2_session_get_remote_settings(session_.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return allowed - std::min(allowed, open_streams_);
}

void Session::AnnounceShutdown() {
  if (std::exchange(shutdown_announced_, true)) return;
  nghttp2_submit_shutdown_notice(session_.get());
}

void Session::Goaway(ErrorCode code) {
  if (code != ErrorCode::kNoError) {
    nghttp2_session_terminate_session(session_.get(), static_cast<std::uint32_t>(code));
    return;
  }
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_.get()),
                        NGHTTP2_NO_ERROR, nullptr, 0);
}

void Session::Ping() { nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr); }

void Session::CloseAll(ErrorCode code) {
  while (streams_ != nullptr) {
    Stream& stream = *streams_;
    Detach(stream);
    stream.OnClosed(code);
  }
}

void Session::Attach(Stream& stream, StreamId id) {
  stream.session_ = this;
  stream.id_ = id;
  stream.next_ = streams_;
  if (streams_ != nullptr) streams_->previous_ = &stream;
  streams_ = &stream;
  open_streams_ += 1;
  nghttp2_session_set_stream_user_data(session_.get(), id, &stream);
}

void Session::Detach(Stream& stream) {
  (stream.previous_ != nullptr ? stream.previous_->next_ : streams_) = stream.next_;
  if (stream.next_ != nullptr) stream.next_->previous_ = stream.previous_;
  stream.previous_ = stream.next_ = nullptr;
  open_streams_ -= 1;
  nghttp2_session_set_stream_user_data(session_.get(), stream.id_, nullptr);
  if (const auto unread = std::exchange(stream.unconsumed_, 0); unread > 0) {
    nghttp2_session_consume_connection(session_.get(), unread);
  }
  stream.pending_ = {};
  stream.session_ = nullptr;
}

void Session::ChargeReset() {
  if (resets_.Take(now_) == TokenBucket::Verdict::kExceeded) CalmDown("streams are opened and reset at a high rate");
}

void Session::ChargeControl() {
  if (controls_.Take(now_) == TokenBucket::Verdict::kExceeded) CalmDown("control frames at a high rate");
}

void Session::CalmDown(std::string_view why) {
  if (!flood_.empty()) return;
  flood_ = why;
  Goaway(ErrorCode::kEnhanceYourCalm);
}

Stream::~Stream() {
  if (session_ == nullptr) return;
  Session& session = *session_;
  const bool answered = session.role_ == Role::kServer && ended_;  // only the rest of the request is not wanted
  if (!ended_ || !received_end_) Reset(answered ? ErrorCode::kNoError : ErrorCode::kCancel);
  session.Detach(*this);
}

void Stream::Respond(std::span<const Field> fields, End end) {
  if (session_ == nullptr) return;
  const auto native = Native(fields);
  const auto body = BodyOfStream();
  nghttp2_submit_response(session_->session_.get(), id_, native.data(), native.size(),
                          end == End::kMore ? &body : nullptr);
  ending_ = ended_ = end == End::kEnd;
}

void Stream::SendInterim(std::span<const Field> fields) {
  if (session_ == nullptr) return;
  const auto native = Native(fields);
  nghttp2_submit_headers(session_->session_.get(), NGHTTP2_FLAG_NONE, id_, nullptr, native.data(), native.size(),
                         nullptr);
}

void Stream::Supply(std::string_view bytes, End end) {
  if (session_ == nullptr) return;
  GH_DCHECK(!sending());
  pending_ = bytes;
  ending_ = end == End::kEnd;
  if (std::exchange(deferred_, false)) nghttp2_session_resume_data(session_->session_.get(), id_);
}

void Stream::Consume(std::size_t bytes) {
  if (session_ == nullptr) return;
  GH_DCHECK(bytes <= unconsumed_);
  unconsumed_ -= bytes;
  nghttp2_session_consume(session_->session_.get(), id_, bytes);
}

void Stream::Reset(ErrorCode code) {
  if (session_ == nullptr || std::exchange(reset_by_us_, true)) return;
  nghttp2_submit_rst_stream(session_->session_.get(), NGHTTP2_FLAG_NONE, id_, static_cast<std::uint32_t>(code));
}

}  // namespace gatehouse::codec::http2

#include "app/control_plane.h"

#include <chrono>
#include <utility>

#include "app/pepper.h"
#include "net/block_on.h"

namespace gatehouse::app {
namespace {

constexpr std::chrono::minutes kStartTime(2);   // to read the whole tree
constexpr std::chrono::seconds kApplyTime(60);  // to bring it to what a configuration declares
constexpr std::chrono::seconds kFlushTime(5);

template <class T>
base::Status Await(net::EpollLoop& loop, net::Task<T> task) {
  auto done = net::BlockOn(loop, std::move(task));
  return done ? std::move(*done) : base::Status(base::Internal("the start was interrupted"));
}

net::Deadline In(base::Duration duration) { return {base::SystemClock().Now() + duration}; }

}  // namespace

ControlPlane::ControlPlane(store::Database& database, base::Secret pepper)
    : database_(database),
      hash_(std::move(pepper)),
      keys_{.directory = directory_, .hash = hash_, .last_use = last_use_},
      feed_(database, directory_),
      tenancy_(database, directory_, feed_),
      virtual_keys_(tenancy_, hash_),
      roles_(database, directory_) {}

base::Result<std::unique_ptr<ControlPlane>> ControlPlane::Open(GatewayDatabase& database, const Config& config,
                                                               net::EpollLoop& loop) {
  GH_TRY(base::Secret pepper, LoadPepper(config.tenancy, database.pepper_file()));
  std::unique_ptr<ControlPlane> self(new ControlPlane(database.database(), std::move(pepper)));
  GH_CHECK_OK(Await(loop, CheckPepper(database.database(), loop, self->hash_, In(kStartTime))));
  GH_CHECK_OK(Await(loop, self->feed_.Load(loop, In(kStartTime))));
  GH_CHECK_OK(Await(loop, self->Apply(loop, config.tenants)));
  return self;
}

net::Task<base::Status> ControlPlane::Apply(net::Loop& loop, std::vector<features::identity::DeclaredNode> declared) {
  if (declared_ == declared) co_return base::Ok();
  declared_.reset();
  features::identity::Call call{
      .loop = loop, .deadline = In(kApplyTime), .author = {.id = {}, .name = "configuration"}, .if_version = {}};
  GH_CO_CHECK_OK(co_await tenancy_.Refresh(call));
  GH_CO_CHECK_OK(co_await features::identity::ApplyDeclared(tenancy_, hash_, std::move(call), declared));
  declared_ = std::move(declared);
  co_return base::Ok();
}

void ControlPlane::Flush(net::EpollLoop& loop) {
  static_cast<void>(net::BlockOn(loop, feed_.WriteLastUse(loop, last_use_.Take(), In(kFlushTime))));
}

}  // namespace gatehouse::app

#include "pipeline/stage.h"

#include "base/check.h"

namespace gatehouse::pipeline {

net::Task<base::Result<Reply>> Next::operator()(Exchange& exchange) && {
  GH_CHECK(!rest_.empty());
  const Stage& head = *rest_.front();
  return head.Handle(exchange, Next(rest_.subspan(1)));
}

}  // namespace gatehouse::pipeline

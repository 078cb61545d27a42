#include "http/client_connection.h"

namespace gatehouse::http {

std::shared_ptr<MultiplexedConnection> MakeH2ClientConnection(std::shared_ptr<ClientContext>,
                                                              std::unique_ptr<net::Stream>,
                                                              std::move_only_function<void()>) {
  return nullptr;
}

}  // namespace gatehouse::http

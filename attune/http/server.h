// HTTP/1.1 (RFC 9112) on one thread: an event loop, so that a connection that waits costs memory and no thread.
//
// What a client may do is bounded in size and in time (Limits). A request that breaks HTTP gets 400, one with too many
// header bytes 431, one with a body over the limit 413 before anything is allocated for it, one that is too slow 408;
// then the connection closes. Requests of a connection are answered one after the other, in order.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "attune/http/message.h"

namespace attune::http {

struct Limits {
  size_t body = 2 << 20;                     // bytes
  size_t header = 16 << 10;                  // bytes of request line and fields together
  size_t connections = 10000;                // over it: 503, and the connection closes
  std::chrono::milliseconds head{10000};     // from a request's first byte to the end of its head
  std::chrono::milliseconds content{30000};  // for its body
  std::chrono::milliseconds idle{75000};     // between requests of a connection
  std::chrono::milliseconds write{30000};    // for a client to take its answer
};

class Server {
 public:
  // `handler` outlives the server.
  Server(Handler& handler, const Limits& limits);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds; `port` 0: any free one. Returns the port. Errors (io): the address is taken or not this machine's (names it
  // and says what to do); (usage) `host` is no address. The limit of open files is raised as far as it may be.
  uint16_t listen(const std::string& host, uint16_t port);

  // Serves until stop() has let everything finish. Errors: none leaves it for what clients do.
  void run();

  // From any thread, also a signal's callback (on_signal): no new connections; idle ones close; requests that are being
  // answered get up to `grace` to finish.
  void stop(std::chrono::milliseconds grace);

  // Calls `then(signal)` on the loop's thread at each of these signals.
  void on_signals(const std::vector<int>& signals, std::function<void(int)> then);
  // Calls `then` on the loop's thread.
  void post(std::function<void()> then);

  size_t connections() const;

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace attune::http

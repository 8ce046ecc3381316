// A plain client for tests: bytes out, an answer in, with a limit on how long it waits.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace attune::http_test {

class Client {
 public:
  explicit Client(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET, address.sin_port = htons(port);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    wait_at_most(5);
  }
  ~Client() { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }
  void wait_at_most(int seconds) {
    const timeval limit{.tv_sec = seconds, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  bool send(const std::string& bytes) {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  void end_sending() { ::shutdown(socket_, SHUT_WR); }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  // The next answer, head and body; "" where the connection ended or nothing came.
  std::string answer(bool has_body = true) {
    size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
      if (!more()) return take(buffer_.size());
    size_t length = 0;
    if (const size_t at = buffer_.find("Content-Length: "); has_body && at < end)
      length = std::stoul(buffer_.substr(at + 16));
    while (buffer_.size() < end + 4 + length)
      if (!more()) break;
    return take(end + 4 + length);
  }
  // Whether the server closes within the time.
  bool is_closed() {
    char byte;
    return ::recv(socket_, &byte, 1, 0) == 0;
  }

 private:
  bool more() {
    char bytes[4096];
    const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
    if (got > 0) buffer_.append(bytes, static_cast<size_t>(got));
    return got > 0;
  }
  std::string take(size_t count) {
    const std::string front = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return front;
  }

  int socket_;
  bool connected_ = false;
  std::string buffer_;
};

}  // namespace attune::http_test

# docker build --build-arg VERSION="$(git describe --tags --always)" -t hilphone .
#
# The phone listens on loopback unless told otherwise, and inside a container that is the container's own. Either share the
# host's network, which SIP wants anyway, as its messages carry addresses:
#
#   docker run --rm --network host hilphone demo
#   docker run -d --name phone --network host -v phone:/var/lib/hilphone hilphone
#
# or set a password, open the port, and publish it on the host's loopback only:
#
#   docker run --rm -it -v phone:/var/lib/hilphone hilphone password
#   docker run -d --name phone -v phone:/var/lib/hilphone -e HILPHONE_LISTEN=0.0.0.0:8080 -p 127.0.0.1:8080:8080 hilphone
#
# Real pins need the device and its group: --device /dev/gpiochip0 --group-add "$(stat -c %g /dev/gpiochip0)".

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
# SQLite is C: the same Debian below, for its C library.
RUN CGO_ENABLED=1 go build -trimpath -ldflags "-X main.version=$VERSION" -o /hilphone ./emulator

FROM debian:bookworm-slim
RUN useradd --system --home-dir /var/lib/hilphone --create-home --shell /usr/sbin/nologin hilphone
COPY --from=build /hilphone /usr/local/bin/hilphone
USER hilphone
ENV HILPHONE_DATA=/var/lib/hilphone
VOLUME /var/lib/hilphone
# It ends cleanly, lines unregistered, within 5 s of this signal.
STOPSIGNAL SIGTERM
ENTRYPOINT ["hilphone"]

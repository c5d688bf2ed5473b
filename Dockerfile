# docker build --build-arg VERSION="$(git describe --tags --always)" -t hilphone .
# docker buildx build --platform linux/amd64,linux/arm64,linux/arm/v7 ...
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
# Whatever comes, --memory 384m --pids-limit 256 are enough, as in emulator/package/hilphone.service.
#
# Real pins need the device and its group: --device /dev/gpiochip0 --group-add "$(stat -c %g /dev/gpiochip0)".

# The same Debian twice: the program needs the C library of the one that SQLite is compiled on. Tag and digest change together; the digest is that
# of the index of all architectures, which `docker buildx imagetools inspect TAG` shows first.
ARG GO_IMAGE=golang:1.26.8-bookworm@sha256:a688600ca24f8a4d3ca77f95b0dd40704a9fc787c826660eb7ba0b641b8b175d
ARG DEBIAN_IMAGE=debian:bookworm-20260824-slim@sha256:88200866dfff7ea7f5cbcb6ec7c8a701889efe6fe859fe64d6990e4b07ea4171

# The compilers are this machine's own, whatever they compile for.
FROM --platform=$BUILDPLATFORM $GO_IMAGE AS build
ARG TARGETARCH=amd64
RUN case $TARGETARCH in amd64) c=x86-64-linux-gnu d=amd64 ;; arm64) c=aarch64-linux-gnu d=arm64 ;; arm) c=arm-linux-gnueabihf d=armhf ;; \
      *) echo "not for $TARGETARCH" >&2; exit 1 ;; esac \
    && echo $d >/architecture \
    && if [ "$(dpkg --print-architecture)" != $d ]; then \
         apt-get update && apt-get install -y --no-install-recommends gcc-$c libc6-dev-$d-cross && rm -rf /var/lib/apt/lists/*; fi
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
ARG REVISION=
RUN a=$(cat /architecture) && make build-$a VERSION="$VERSION" REVISION="$REVISION" DIST=/dist && mv /dist/hilphone-$a /hilphone

FROM $DEBIAN_IMAGE
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
RUN useradd --system --user-group --home-dir /var/lib/hilphone --create-home --shell /usr/sbin/nologin hilphone
COPY --from=build /hilphone /usr/local/bin/hilphone
USER hilphone
ENV HILPHONE_DATA=/var/lib/hilphone GOMEMLIMIT=256MiB
VOLUME /var/lib/hilphone
# Its pages; SIP. RTP takes ports of its own for each call.
EXPOSE 8080/tcp 5060/udp 5060/tcp
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["hilphone", "health"]
# It ends cleanly, lines unregistered, within 5 s of this signal.
STOPSIGNAL SIGTERM
ENTRYPOINT ["hilphone"]

# Throughline as a container: one static program, the certificates it needs to call
# the outside systems, and nothing else. Time zones are in the program.
#
#   docker build --tag throughline .
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/bin/throughline ./cmd/throughline \
 && install -d -m 0700 /out/var/lib/throughline \
 && install -d -m 1777 /out/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/bin/throughline /usr/local/bin/throughline
# A user that owns the data and nothing else. A deal lies in /tmp while it is read.
COPY --from=build --chown=65532:65532 /out/var/lib/throughline /var/lib/throughline
COPY --from=build --chown=65532:65532 /out/tmp /tmp
USER 65532:65532
ENV HOME=/var/lib/throughline XDG_DATA_HOME=/var/lib XDG_CACHE_HOME=/var/lib/throughline/cache THROUGHLINE_CONFIG=/etc/throughline/throughline.yaml
VOLUME /var/lib/throughline
ENTRYPOINT ["/usr/local/bin/throughline"]
CMD ["serve"]

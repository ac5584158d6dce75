# Throughline as a container: one static program, the certificates it needs to call
# the outside systems, and nothing else. Time zones are in the program.
#
#   docker build --tag throughline .
#   docker run --detach --name throughline --network host --env-file secrets.env --read-only --tmpfs /tmp \
#     --volume "$PWD/throughline.yaml:/etc/throughline/throughline.yaml:ro" --volume throughline:/var/lib/throughline throughline
#
# It is on the machine's own network, since the team's pages answer to the machine
# itself alone. Its user, 65532, must be able to read throughline.yaml, which holds no
# secret and which 'throughline init' writes for its owner alone: chmod 0644.
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
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["/usr/local/bin/throughline", "health"]
ENTRYPOINT ["/usr/local/bin/throughline"]
CMD ["serve"]

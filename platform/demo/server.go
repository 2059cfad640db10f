package demo

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// server is the registry, with everything in memory.
type server struct {
	http     http.Server
	listener net.Listener
	done     chan struct{}
}

// serve starts a registry with a certificate on a free port of loopback. What it
// is asked needs the password, the version check included.
func serve(cert tls.Certificate, user, password string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	quiet := log.New(io.Discard, "", 0) // handshakes fail here by design
	s := &server{listener: l, done: make(chan struct{})}
	s.http = http.Server{
		Handler:           guarded(registry.New(registry.Logger(quiet)), user, password),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
		ErrorLog:          quiet,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       30 * time.Second,
	}
	go func() {
		defer close(s.done)
		_ = s.http.ServeTLS(l, "", "") // ends with ErrServerClosed, when stop says so
	}()
	return s, nil
}

func (s *server) address() string { return s.listener.Addr().String() }

// stop closes all connections and waits until the server is gone.
func (s *server) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	<-s.done
	return err
}

// guarded asks for a user and password, as htpasswd in front of a registry does.
func guarded(next http.Handler, user, password string) http.Handler {
	want := sha256.Sum256([]byte(user + ":" + password))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, p, _ := r.BasicAuth()
		got := sha256.Sum256([]byte(u + ":" + p))
		if subtle.ConstantTimeCompare(got[:], want[:]) == 1 {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Docker-Distribution-API-Version", "registry/2.0")
		w.Header().Set("WWW-Authenticate", `Basic realm="Mooring demo"`)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`+"\n")
	})
}

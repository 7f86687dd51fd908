// A server of Go's net/http, whose HTTP/2 nobody here wrote: answers what the path asks for.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := &http.Server{}
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("x-echo", r.Header.Get("x-echo"))
		w.Header().Set("x-host", r.Host)
		w.WriteHeader(http.StatusAccepted)
		w.Write(body)
	})
	mux.HandleFunc("/length", func(w http.ResponseWriter, r *http.Request) {
		length, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, length)
	})
	mux.HandleFunc("/large/", func(w http.ResponseWriter, r *http.Request) {
		size, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/large/"))
		io.WriteString(w, strings.Repeat("x", size))
	})
	mux.HandleFunc("/early", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	})
	mux.HandleFunc("/trailers", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Trailer", "x-sum")
		io.WriteString(w, "body")
		w.Header().Set("x-sum", "4")
	})
	mux.HandleFunc("/abort", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "half")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/shutdown", func(w http.ResponseWriter, r *http.Request) {
		go server.Shutdown(context.Background())
		<-r.Context().Done()
	})
	server.Handler = mux
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	if err := server.ServeTLS(listener, os.Args[1], os.Args[2]); err != http.ErrServerClosed {
		panic(err)
	}
}

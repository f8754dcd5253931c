// Command shop runs the example shop by itself:
//
//	go run ./examples/shop/cmd/shop --payments http://127.0.0.1:7420
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/kvitto/kvitto/examples/shop"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("shop", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:8080", "listen at `HOST:PORT`")
	public := flags.String("public-url", "", "what browsers and the payment server reach, when it is not the address listened on")
	payments := flags.String("payments", "http://127.0.0.1:7420", "the payment server's `URL`")
	username := flags.String("username", "demo-shop", "the merchant's user `NAME`")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	// A password on the command line is seen by everybody on the machine.
	password := os.Getenv("SHOP_PASSWORD")
	if password == "" {
		password = "demo"
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *listen)
	if err != nil {
		return err
	}
	if *public == "" {
		*public = "http://" + listener.Addr().String() + "/"
	}
	handler, err := shop.New(shop.Options{PublicURL: *public, Payments: *payments, Username: *username, Password: password})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
	fmt.Println("the shop is at", *public)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(ending)
}

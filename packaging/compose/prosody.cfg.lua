-- Prosody of compose.yaml: one host, push notifications, and the port at which the push service attaches.
modules_enabled = {
  "roster", "saslauth", "tls", "disco", "ping", "version", "offline",
  "carbons", "mam", "smacks", "csi_simple", "pep", "blocklist", "cloud_notify",
}
log = "*console"
authentication = "internal_hashed"
storage = "internal"
component_ports = { 5347 }
component_interfaces = { "*" }

VirtualHost "example.com"

Component "push.example.com"
  component_secret = FileLine("/run/secrets/component-secret")

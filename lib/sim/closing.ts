// The end of a simulator's door. Knows TCP alone: also of a connection that never got as far as TLS, which the servers of Node would wait for.

import { type Server, type Socket } from 'node:net'

/** Call before it listens. The function returned ends every connection at once and frees the port; it may listen again after that. */
export function closing(server: Server): () => Promise<void> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
  })
  return () =>
    new Promise((closed) => {
      server.close(() => closed())
      for (const socket of sockets) socket.destroy()
    })
}

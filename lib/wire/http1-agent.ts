/** Node's pool of HTTP/1.1 connections, fed by a way to connect of our own, and by our clock. Knows nothing of requests. */
import { Agent, type ClientRequest } from 'node:http'
import { type Socket } from 'node:net'
import { type Clock } from '../clock'
import { type Dial, type NotDialled } from './dial'

/** Shorter than servers keep connections, so that a request seldom meets one that is just being closed (RFC 9112 §9.3.1); milliseconds. */
const KEPT = 4000

/** Why a request got no connection. */
export class Undialled extends Error {
  readonly result: NotDialled

  constructor(result: NotDialled) {
    super(result.why)
    this.result = result
  }
}

export interface KeptAgent {
  readonly agent: Agent
  /** Closes what is idle, and from now on each connection after the request that it carries. */
  retire(): void
}

/** Nothing is connected until the first request. */
export function makeKeptAgent(via: Dial<Socket>, clock: Clock): KeptAgent {
  const idle = new Map<object, () => void>()
  let retired = false
  const agent = Object.assign(new Agent({ keepAlive: true, scheduling: 'lifo' }), {
    createConnection(_: unknown, created: (error: Error | null, socket?: Socket) => void) {
      via((result) => {
        if ('why' in result) return created(new Undialled(result))
        result.once('close', () => awake(result))
        created(null, result)
      })
    },
    keepSocketAlive(socket: Socket) {
      if (retired) return false
      idle.set(
        socket,
        clock.after(KEPT, () => socket.destroy()),
      )
      return true
    },
    reuseSocket(socket: Socket, request: ClientRequest) {
      awake(socket)
      // From Node 22 on it takes off the guard that destroys an idle connection on which data comes.
      Agent.prototype.reuseSocket.call(agent, socket, request)
    },
  })
  const awake = (socket: Socket): void => {
    idle.get(socket)?.()
    idle.delete(socket)
  }
  return Object.freeze({
    agent,
    retire() {
      retired = true
      for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
    },
  })
}

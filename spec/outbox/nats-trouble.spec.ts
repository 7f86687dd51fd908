import { JetStreamApiError } from '@nats-io/jetstream'
import { mendOf, troubleText } from '../../lib/outbox/nats-trouble'

/** As the servers (2.9 to 2.12) word them. */
const said = (err_code: number, description: string) => new JetStreamApiError({ code: 400, err_code, description })

describe('lib/outbox/nats-trouble', () => {
  it.each([
    [
      'a stream at its own bound',
      said(10077, 'maximum bytes exceeded'),
      /^the stream is at a limit of its own.*--max-bytes/,
    ],
    ['a stream at its bound of messages', said(10077, 'maximum messages exceeded'), /--max-msgs/],
    ['an account at its limit', said(10002, 'resource limits exceeded for account'), /limit of our account.*max_file /],
    [
      'a server at its limit',
      said(10023, 'insufficient resources'),
      /^JetStream of a server is full: raise max_file_store/,
    ],
    ['a disk that is full', said(10077, 'write x.blk: no space left on device'), /^the disk of a server is full/],
    ['a server without memory', said(10028, 'insufficient memory resources available'), /max_memory_store/],
    [
      'no room to make a stream',
      said(10047, 'insufficient storage resources available'),
      /max_file_store.*max_file of our account/,
    ],
    [
      'a stream larger than the account allows',
      said(10122, 'stream max bytes exceeds account limit'),
      /max_stream_bytes/,
    ],
  ])('names the cure that is right for %s', (_name, error, mend) => {
    expect(mendOf(error)).toMatch(mend)
  })

  it('tells where, what was said, and what to do', () => {
    const error = new Error('no answer', { cause: said(10002, 'resource limits exceeded for account') })
    expect(troubleText('PUSH at nats://127.0.0.1:4222', error)).toBe(
      'outbox PUSH at nats://127.0.0.1:4222: no answer: resource limits exceeded for account: ' + mendOf(error),
    )
  })

  it('takes no other trouble for one of room', () => {
    expect(mendOf(new Error('timeout'))).toMatch(/^it does not answer/)
    expect(mendOf(said(10059, 'stream not found'))).toMatch(/^the stream is gone/)
  })
})

/** A day with a real Prosody and a client that nobody here wrote. */
import { realDescribe } from '../support/available'
import { startProsody } from '../support/prosody'
import { tellTraffic } from '../support/real-traffic'

realDescribe('prosody', 'a day with a real Prosody', () => {
  tellTraffic(startProsody, {
    keepsWhileAway: true,
    second: 'conflict',
    burst: 'gathered',
  })
})

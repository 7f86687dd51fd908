/** The story that is told of a real Prosody and a real ejabberd (spec/real), told of those that the simulator plays: it ends alike. */
import { startPlayed } from '../support/played-server'
import { DEAD_AFTER, tellStory } from '../support/real-story'

describe.each(['prosody', 'ejabberd'] as const)('the service attached to a played %s', (personality) => {
  tellStory((options) => startPlayed(personality, options), DEAD_AFTER[personality])
})

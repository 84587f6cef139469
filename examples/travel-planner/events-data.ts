import { parseCalendarDate } from "./calendar-date.ts";
import { entryForPlace } from "./place-name.ts";

/** Something to go to. */
export interface LocalEvent {
  readonly name: string;
  readonly place: string;
  readonly description: string;
}

/** What is on in a place around a day. */
export interface LocalEvents {
  readonly destination: string;
  readonly date: string;
  readonly events: readonly LocalEvent[];
  /** Where the list comes from and what it does not promise. */
  readonly note: string;
}

/** The most events in one answer. */
export const MAXIMUM_EVENTS = 4;

/**
 * The events of a place in the month of an ISO date, those of the season before those of all year. It is demo data:
 * real festivals in their usual months, without their dates. Throws a `TypeError` for a date that is none.
 */
export function localEvents(destination: string, date: string): LocalEvents {
  const { text, month } = parseCalendarDate(date);
  const lines = entryForPlace(EVENTS, destination);
  const events = (lines ?? EVENTS_ANYWHERE)
    .map(eventFromLine)
    .filter(({ months }) => months.includes(month))
    .toSorted((one, other) => one.months.length - other.months.length)
    .slice(0, MAXIMUM_EVENTS)
    .map(({ event }) => event);
  const note =
    lines === undefined
      ? `No listings for ${destination}: these are usual in most towns.`
      : "Usual months; check this year's dates.";
  return { destination, date: text, events, note };
}

/** The places whose events are known, in lower case. */
export function placesWithEvents(): readonly string[] {
  return Object.keys(EVENTS);
}

interface SeasonalEvent {
  readonly months: readonly number[];
  readonly event: LocalEvent;
}

/** "3-5 | name | place | description": from March to May; "11-2" goes over the new year; "1-12" is all year. */
function eventFromLine(line: string): SeasonalEvent {
  const [season = "", name = "", place = "", description = ""] = line.split(" | ");
  const [first = 1, last = first] = season.split("-").map(Number);
  const length = ((last - first + 12) % 12) + 1;
  return {
    months: Array.from({ length }, (_, index) => (first - 1 + index) % 12),
    event: { name, place, description },
  };
}

const EVENTS_ANYWHERE: readonly string[] = [
  "1-12 | The weekly market | the main square | produce, street food and gossip, best before eleven",
  "1-12 | A guided walk of the old town | the tourist office | two hours, most mornings",
  "5-9 | Open-air concerts | the city park | bring a blanket; many are free",
  "11-12 | The winter market | the main square | lights, hot drinks and crafts",
];

const EVENTS: Readonly<Record<string, readonly string[]>> = {
  tokyo: [
    "3-4 | Cherry blossom evenings | Ueno Park and the Meguro River | lanterns over the water while the trees flower",
    "5 | Sanja Matsuri | Asakusa | a hundred portable shrines carried through the old town",
    "7 | Sumida River fireworks | Asakusa and Mukojima | the city's great summer display",
    "9-11 | Autumn leaf walks | Rikugi-en garden | maples lit after dark late in the season",
    "12-2 | Winter illuminations | Marunouchi and Roppongi | avenues of lights into the new year",
    "1-12 | Tuna auction and market breakfast | Toyosu Market | watch from the gallery, then eat upstairs",
    "1-12 | teamLab digital art | Azabudai Hills | reserve a timed ticket",
  ],
  kyoto: [
    "4 | Miyako Odori | Gion | spring dances by the geiko and maiko of Gion",
    "7 | Gion Matsuri | Yasaka Shrine and Shijo-dori | tall floats and evening street food",
    "8 | Gozan no Okuribi | seen from the Kamo River | fires in the shape of characters on five hills",
    "11 | Autumn night openings | Kiyomizu-dera and Eikan-do | maple gardens under lights",
    "1-12 | Temple flea market | To-ji | crafts and antiques on the 21st",
    "1-12 | Evening of traditional arts | Gion Corner | dance, music and tea in an hour",
  ],
  paris: [
    "5-6 | Roland-Garros | Porte d'Auteuil | tennis on clay; evening tickets are easiest",
    "6 | Fête de la Musique | all over town | free music in every street on the 21st",
    "7-8 | Paris Plages | the Seine and La Villette | beaches, boules and open-air cinema",
    "9-10 | Heritage days and Nuit Blanche | palaces and museums | doors that are closed the rest of the year",
    "11-12 | Christmas market | Tuileries | rides, lights and mulled wine",
    "1-12 | Late night at the Louvre | Louvre | open until nine on Wednesdays and Fridays",
    "1-12 | Chamber music by candlelight | Sainte-Chapelle | an hour under the stained glass",
  ],
  london: [
    "5 | Chelsea Flower Show | Royal Hospital Chelsea | gardens built for one week",
    "6-8 | Open-air theatre | Regent's Park | Shakespeare and musicals under the trees",
    "7-9 | The Proms | Royal Albert Hall | standing tickets on the day",
    "8 | Notting Hill Carnival | Notting Hill | the bank holiday weekend's great street party",
    "11-12 | Christmas lights | Regent Street and Covent Garden | best before the shops close",
    "1-12 | Borough Market | London Bridge | food from everywhere, quietest on weekdays",
    "1-12 | Evensong | St Paul's Cathedral | the choir, free, most afternoons",
  ],
  "new york": [
    "4-10 | Smorgasburg | Williamsburg and Prospect Park | a hundred food stalls on weekends",
    "6-8 | Shakespeare in the Park | Central Park | free tickets in the morning queue or by lottery",
    "9-10 | New York Film Festival | Lincoln Center | premieres and talks",
    "11 | Macy's Thanksgiving Parade | Central Park West to Herald Square | come by seven for a place",
    "12 | The tree and the rink | Rockefeller Center | early morning is calmest",
    "1-12 | Late sets | the Village Vanguard | two jazz sets a night",
    "1-12 | Free Friday evening | the Whitney Museum | reserve the ticket online",
  ],
  rome: [
    "3-4 | Easter week | St Peter's Square | processions and the Colosseum by torchlight",
    "4 | Rome's birthday | Circus Maximus | legions in costume around the 21st",
    "6-8 | Summer opera | the Baths of Caracalla | Verdi among the ruins",
    "7-8 | Open-air cinema on the island | Isola Tiberina | films by the river",
    "9-11 | RomaEuropa | theatres across town | dance, music and theatre",
    "1-12 | Papal audience | the Vatican | Wednesday mornings, with a free ticket",
    "1-12 | Porta Portese market | Trastevere | Sunday's great flea market",
  ],
  barcelona: [
    "4 | Sant Jordi | La Rambla | roses and books on every corner on the 23rd",
    "6 | Sant Joan | the beaches | bonfires and fireworks all night",
    "8 | Festa Major de Gràcia | Gràcia | streets decorated by their neighbours",
    "9 | La Mercè | the old town | human towers, giants and fire runs",
    "1-12 | Palau concert | Palau de la Música Catalana | the hall is half of it",
    "1-12 | The magic fountain | Montjuïc | check the evenings in season",
  ],
  amsterdam: [
    "3-5 | Tulips at Keukenhof | Lisse | seven million bulbs, a bus ride away",
    "4 | King's Day | the canals | the whole city in orange, on the 27th",
    "7-8 | Pride and canal parade | Prinsengracht | boats in procession",
    "11-1 | Amsterdam Light Festival | the canals | artworks of light by boat or on foot",
    "1-12 | Lunch concert | Concertgebouw | free, most Wednesdays in season",
    "1-12 | IJ-Hallen flea market | NDSM | monthly, Europe's largest",
  ],
  berlin: [
    "2 | Berlinale | Potsdamer Platz | tickets three days before each screening",
    "5 | Carnival of Cultures | Kreuzberg | a parade over the Whitsun weekend",
    "6-8 | Open-air concerts | Waldbühne | the Philharmonic closes its season here",
    "10 | Festival of Lights | Mitte | facades lit each evening",
    "11-12 | Christmas market | Gendarmenmarkt | crafts and choirs",
    "1-12 | Lunch concert | Philharmonie | free, Wednesdays in season",
    "1-12 | Mauerpark karaoke and flea market | Prenzlauer Berg | Sundays",
  ],
  lisbon: [
    "6 | Festas de Lisboa | Alfama | sardines and dancing in the lanes around the 13th",
    "7 | Out Jazz | the city's parks | free sets at the end of the week",
    "11 | Web Summit nights | Parque das Nações | the town is full: reserve early",
    "12-1 | Christmas lights | Baixa | concerts in the churches",
    "1-12 | Fado evening | Alfama | small houses, from nine",
    "1-12 | Feira da Ladra | Campo de Santa Clara | flea market on Tuesdays and Saturdays",
  ],
  vienna: [
    "1-2 | Ball season | the Hofburg and the opera | waltzes; dress codes are meant",
    "5-6 | Wiener Festwochen | MuseumsQuartier | theatre and music",
    "7-8 | Film festival | Rathausplatz | open-air opera films and food",
    "11-12 | Christmas market | Rathausplatz and Spittelberg | punch and crafts",
    "1-12 | Standing room | State Opera | cheap tickets on the day",
    "1-12 | Morning exercise of the Lipizzaners | Spanish Riding School | most weekday mornings",
  ],
  prague: [
    "5-6 | Prague Spring | Municipal House and Rudolfinum | it opens with Má vlast",
    "6-9 | Open-air cinema and markets | Náplavka embankment | the farmers come on Saturdays",
    "10 | Signal Festival | across the centre | light art on old facades",
    "11-1 | Christmas market | Old Town Square | the tree and trdelník",
    "1-12 | Organ concert | St Nicholas Church | most evenings",
    "1-12 | Jazz on a boat | the Vltava | from Čechův bridge",
  ],
  istanbul: [
    "4 | Tulip festival | Emirgan Park | millions of bulbs over the Bosphorus",
    "6 | Istanbul music festival | Hagia Eirene | concerts in historic rooms",
    "7 | Istanbul jazz festival | open-air stages | from parks to rooftops",
    "9-11 | Istanbul Biennial and art weeks | Karaköy | galleries open late",
    "1-12 | Whirling ceremony | Galata Mevlevi House | Sundays",
    "1-12 | Kadıköy's Tuesday market | Hasanpaşa | ferry there and back",
  ],
  athens: [
    "3-4 | Orthodox Easter | Lycabettus Hill | a procession of candles at midnight",
    "6-8 | Athens Epidaurus Festival | Odeon of Herodes Atticus | drama below the Acropolis",
    "6-9 | Open-air cinemas | Thissio and Plaka | films facing the Parthenon",
    "11 | Athens marathon | Marathon to the Panathenaic Stadium | cheer the finish",
    "1-12 | Changing of the guard | Syntagma Square | in full dress on Sundays at eleven",
    "1-12 | Rebetiko night | Psyrri | small tavernas, from ten",
  ],
  dubai: [
    "1-2 | Shopping festival | across the city | fireworks and raffles",
    "3 | Art Dubai | Madinat Jumeirah | galleries of the region",
    "10-4 | Global Village | Sheikh Mohammed bin Zayed Road | pavilions, food and shows",
    "11-12 | Dubai Design Week | Design District | installations, free",
    "1-12 | Fountain show | Burj Lake | every half hour after dark",
    "1-12 | Gallery evening | Alserkal Avenue | openings most weeks",
  ],
  singapore: [
    "1-2 | River Hongbao | Gardens by the Bay | lanterns for the lunar new year",
    "5-6 | Singapore International Festival of Arts | the Esplanade | theatre and dance",
    "7-8 | Food festival and National Day | Marina Bay | fireworks on 9 August",
    "9 | Night race week | Marina Bay | concerts around the Grand Prix",
    "10-11 | Deepavali lights | Little India | arches of light on Serangoon Road",
    "1-12 | Garden Rhapsody | the Supertree Grove | light and music, twice a night",
    "1-12 | Free concert | Esplanade waterfront | weekends",
  ],
  bangkok: [
    "4 | Songkran | Silom and Khao San | the new year's water festival",
    "11 | Loy Krathong | the Chao Phraya | floating candles at full moon",
    "12-2 | Cool-season concerts | Lumphini Park | free on Sunday afternoons",
    "1-12 | Chatuchak market | Mo Chit | fifteen thousand stalls on weekends",
    "1-12 | Muay Thai night | Rajadamnern Stadium | ringside or with the gamblers",
    "1-12 | Night market | Ratchada | supper by the stall",
  ],
  seoul: [
    "4 | Cherry blossom festival | Yeouido | the avenue by the river",
    "4-5 | Lotus lantern parade | Jongno | thousands of lanterns for Buddha's birthday",
    "9-10 | Fireworks festival | Yeouido | take the far bank",
    "11 | Lantern festival | Cheonggyecheon | floating lights along the stream",
    "1-12 | Night market by the river | Banpo | on weekend evenings in season",
    "1-12 | Nanta | Myeongdong | a comedy of drumming cooks",
  ],
  sydney: [
    "1 | Sydney Festival | Hyde Park and the harbour | theatre and open-air concerts",
    "2-3 | Mardi Gras | Oxford Street | the great parade",
    "5-6 | Vivid Sydney | Circular Quay | light on the Opera House sails",
    "10-11 | Sculpture by the Sea | Bondi to Tamarama | art on the cliff walk",
    "12-1 | New Year's fireworks | the harbour | choose a park early",
    "1-12 | Opera House performance | Bennelong Point | standing offers on the day",
    "1-12 | The Rocks market | The Rocks | weekends",
  ],
  "san francisco": [
    "1-2 | Lunar New Year parade | Chinatown | the golden dragon at night",
    "6 | Pride | Market Street | the last weekend",
    "9-10 | Hardly Strictly Bluegrass | Golden Gate Park | free, three days",
    "12 | Lighted boat parade | Fisherman's Wharf | best from Marina Green",
    "1-12 | Farmers market | the Ferry Building | Saturday is the great one",
    "1-12 | Nightlife | California Academy of Sciences | Thursday evenings, adults only",
  ],
  "mexico city": [
    "3-4 | Jacaranda weeks | Roma and Chapultepec | the avenues turn violet",
    "9 | Independence night | the Zócalo | the cry from the balcony on the 15th",
    "10-11 | Day of the Dead | the Zócalo and Mixquic | altars, parade and marigolds",
    "12 | Posadas | Coyoacán | piñatas and punch",
    "1-12 | Lucha libre | Arena México | Tuesdays, Fridays and Sundays",
    "1-12 | Ballet Folklórico | Bellas Artes | Sundays and Wednesdays",
  ],
  "cape town": [
    "1 | Kaapse Klopse | Bo-Kaap and the centre | the minstrel carnival",
    "2-3 | Jazz festival and carnival | Green Point | the city's loudest weekends",
    "8-9 | Wild flowers | West Coast National Park | fields in bloom",
    "11-4 | Summer sunset concerts | Kirstenbosch | picnic on the lawn, Sundays",
    "1-12 | First Thursdays | Bree Street | galleries open late once a month",
    "1-12 | Neighbourgoods Market | Woodstock | Saturdays until two",
  ],
  "rio de janeiro": [
    "2-3 | Carnival | the Sambadrome and every street | reserve a year ahead, or follow a bloco",
    "6 | Festa Junina | Feira de São Cristóvão | bonfires, forró and corn cakes",
    "9 | Rock in Rio | Barra | in odd and even years by turns",
    "12 | Réveillon | Copacabana | two million people in white",
    "1-12 | Samba at the rock | Pedra do Sal | Monday and Friday nights",
    "1-12 | Hippie fair | Ipanema | Sundays",
  ],
  reykjavik: [
    "1-3 | Northern lights season | Grótta | clear nights away from the lamps",
    "6 | Midnight sun | the harbour | no night at all around the 21st",
    "8 | Culture Night | downtown | museums, concerts and fireworks",
    "11 | Iceland Airwaves | downtown venues | new music for a week",
    "12 | The Yule Lads and bonfires | the old harbour | bonfires on New Year's Eve",
    "1-12 | Thermal pool evening | Sundhöllin | the locals' living room",
    "1-12 | Concert | Harpa | orchestra, jazz or comedy most nights",
  ],
};

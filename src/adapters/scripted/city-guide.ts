/** A neighbourhood with one thing to do for each part of the day. */
export interface Area {
  readonly name: string;
  readonly morning: string;
  readonly afternoon: string;
  readonly evening: string;
}

/** What the offline planner knows of a city: enough for believable days, no replacement for a guidebook. */
export interface CityGuide {
  readonly name: string;
  readonly country: string;
  /** Other spellings that travellers type, in lower case and without accents. */
  readonly aliases: readonly string[];
  readonly areas: readonly Area[];
  readonly dayTrips: readonly Area[];
  readonly food: readonly string[];
  readonly transport: string;
  readonly tip: string;
}

/** The guide to a place without data of its own: sensible anywhere, and silent on what it cannot know. */
export function guideToUnknownPlace(name: string): CityGuide {
  return { ...GENERIC_GUIDE, name: name.split(",")[0] ?? name };
}

/** A guide as it is written below: "area | morning | afternoon | evening" in a line, dishes between bars. */
interface WrittenGuide extends Omit<CityGuide, "areas" | "dayTrips" | "food"> {
  readonly areas: readonly string[];
  readonly dayTrips: readonly string[];
  readonly food: string;
}

function guide({ areas, dayTrips, food, ...rest }: WrittenGuide): CityGuide {
  return {
    ...rest,
    areas: areas.map(areaFromLine),
    dayTrips: dayTrips.map(areaFromLine),
    food: food.split(" | "),
  };
}

function areaFromLine(line: string): Area {
  const [name = "", morning = "", afternoon = "", evening = ""] = line.split(" | ");
  return { name, morning, afternoon, evening };
}

const GENERIC_GUIDE: CityGuide = guide({
  name: "",
  country: "",
  aliases: [],
  areas: [
    "Arrival and the old centre | the main square and the streets around it | the best-known church, castle or town hall | a stroll where the locals take theirs",
    "Museums and markets | the covered market while the stalls are full | the city museum, the quickest way into its history | dinner in a quarter without souvenir shops",
    "Water and green | the largest park or the botanical garden | the river, lake or sea front, by boat if there is one | a viewpoint at sunset",
    "A neighbourhood of its own | a residential quarter with good bakeries | small galleries, workshops and second-hand shops | live music or a local theatre",
    "The second look | the sight that you had to skip | a cooking class or a guided walk | the best table of the trip, reserved ahead",
  ],
  dayTrips: [
    "A day in the country | an early train or bus to the nearest small town | a marked walk in the hills, woods or along the coast | supper in the village before the last ride back",
    "The neighbouring town | the next town along the railway | its old streets and its one good museum | a late return with a picnic",
  ],
  food: "the dish of the day near the market | whatever the bakery with a queue sells | a regional plate that you cannot pronounce | street food by the station square | a long lunch where offices eat",
  transport:
    "Buy a day pass for public transport on arrival, keep the centre for your feet, and use a licensed or app taxi late at night.",
  tip: "Check opening days before you fix the order, and carry a little local cash.",
});

/** The cities with a guide of their own. */
export const CITY_GUIDES: readonly CityGuide[] = [
  guide({
    name: "Tokyo",
    country: "Japan",
    aliases: ["tokio"],
    areas: [
      "Asakusa & Ueno | Senso-ji temple before the crowds | the Tokyo National Museum in Ueno Park | a walk along the Sumida River to the Skytree",
      "Shibuya & Harajuku | the forest paths of Meiji Shrine | Omotesando's architecture and the back lanes of Harajuku | Shibuya Crossing seen from the Shibuya Sky deck",
      "Tsukiji & Ginza | the food stalls of the Tsukiji outer market | the Hama-rikyu gardens and their tea house | the lights and basement food halls of Ginza",
      "Shinjuku | the glasshouse and lawns of Shinjuku Gyoen | the free view from the Metropolitan Government Building | the tiny bars of Golden Gai",
      "Yanaka & Akihabara | the old wooden lanes of Yanaka Ginza | retro games and electronics in Akihabara | an izakaya under the tracks at Yurakucho",
    ],
    dayTrips: [
      "Kamakura | the Great Buddha at Kotoku-in | the Hase-dera terraces above the sea | sunset from the Enoden line by the beach",
      "Nikko | the carved gates of Tosho-gu | Kegon Falls and Lake Chuzenji | a quiet train back with a station bento",
    ],
    food: "sushi at a standing counter in Tsukiji | tonkotsu ramen at Ichiran in Shibuya | yakitori in Omoide Yokocho | tempura over rice at Daikokuya in Asakusa | gyoza and cold beer in Harajuku",
    transport:
      "Load a Suica or Pasmo card on your phone: trains, the metro, buses and even vending machines take it. The last trains leave a little after midnight.",
    tip: "Carry some cash for small counters and shrines, and keep your voice low on trains.",
  }),
  guide({
    name: "Kyoto",
    country: "Japan",
    aliases: [],
    areas: [
      "Southern Higashiyama | Kiyomizu-dera as the gates open | the stone lanes of Ninenzaka and Sannenzaka | lantern light in the streets of Gion",
      "Fushimi | the thousand gates of Fushimi Inari | the sake breweries along the Fushimi canal | a riverside drink on Pontocho alley",
      "Arashiyama | the bamboo grove and Tenryu-ji garden | a boat or a walk along the Katsura River | a hot bath after the monkey park climb",
      "Northern temples | the golden pavilion, Kinkaku-ji | the rock garden of Ryoan-ji | the covered arcades around Teramachi",
      "Okazaki | the moss and sand of Ginkaku-ji | the Philosopher's Path to Nanzen-ji | craft beer beside the Kamo River",
    ],
    dayTrips: [
      "Nara | the giant Buddha of Todai-ji | Kasuga shrine and the deer park | mochi pounding on Sanjo-dori",
      "Uji | the Phoenix Hall of Byodo-in | a tea tasting with a local grower | the lit bridge over the Uji River",
    ],
    food: "grilled skewers and pickles in Nishiki Market | tofu kaiseki near Nanzen-ji | matcha sweets at Tsujiri in Gion | okonomiyaki on a hot plate in Pontocho | soba at Honke Owariya",
    transport:
      "Trains and the two metro lines are faster than the crowded buses; a rented bicycle suits the flat centre.",
    tip: "See the famous temples before nine or after four, and do not photograph people in the private lanes of Gion.",
  }),
  guide({
    name: "Paris",
    country: "France",
    aliases: [],
    areas: [
      "The islands & Le Marais | Notre-Dame and the stained glass of Sainte-Chapelle | the arcades of Place des Vosges and the Carnavalet museum | a walk along the Seine as the bridges light up",
      "Louvre & Tuileries | the Louvre by a timed ticket | the Orangerie's water lilies | the covered passages and wine bars near Palais-Royal",
      "Montmartre | the steps to Sacré-Cœur with the city below | the studios and vineyard behind Place du Tertre | a small music bar near Pigalle",
      "Saint-Germain & the Latin Quarter | the Impressionists at the Musée d'Orsay | the Luxembourg Gardens and the bookshops around them | jazz in a cellar on Rue de la Huchette",
      "Eiffel Tower & Invalides | the Eiffel Tower's second floor by the stairs | the Rodin Museum's garden | a picnic on the Champ de Mars at the hourly sparkle",
    ],
    dayTrips: [
      "Versailles | the Hall of Mirrors at opening time | the gardens and the Trianon by bicycle | dinner back in the 7th arrondissement",
      "Giverny | Monet's water garden | the village lanes and the Impressionism museum | a slow train home along the Seine",
    ],
    food: "a baguette sandwich and éclair from a bakery on Rue Montorgueil | steak frites at Bouillon Chartier | falafel on Rue des Rosiers | buckwheat galettes near Montparnasse | oysters and a glass of Muscadet at Marché des Enfants Rouges",
    transport:
      "The metro reaches everything; a Navigo Easy card holds tickets, and the riverside is best on foot or by Vélib' bicycle.",
    tip: "Reserve the Louvre, Sainte-Chapelle and the Eiffel Tower ahead, and greet with “bonjour” before asking anything.",
  }),
  guide({
    name: "London",
    country: "United Kingdom",
    aliases: [],
    areas: [
      "Westminster & St James's | Westminster Abbey and the Houses of Parliament | St James's Park and the National Gallery | a play in the West End",
      "South Bank & the City | the Tower of London and its ravens | Tower Bridge, Borough Market and Tate Modern | the river walk to Waterloo at dusk",
      "Bloomsbury & Covent Garden | the British Museum's great court | the shops of Seven Dials and Neal's Yard | street performers and a pub in Covent Garden",
      "Kensington | the Natural History Museum | the V&A and Hyde Park's Serpentine | dinner in Notting Hill",
      "Shoreditch & Camden | street art around Brick Lane | Regent's Canal from Camden Lock to Primrose Hill | live music in Camden",
    ],
    dayTrips: [
      "Greenwich | the meridian at the Royal Observatory | the Cutty Sark and the covered market | a river boat back past Canary Wharf",
      "Windsor | Windsor Castle's state rooms | the Long Walk and Eton's high street | a pub supper by the Thames",
    ],
    food: "a toasted cheese sandwich in Borough Market | breakfast naan at Dishoom | salt-beef bagels on Brick Lane | a Sunday roast in a Hampstead pub | dim sum in Chinatown",
    transport:
      "Tap in and out with one contactless card: the daily cap makes day tickets needless. Buses show you more than the Tube.",
    tip: "The great museums are free; spend the money on a West End ticket bought the same morning.",
  }),
  guide({
    name: "New York",
    country: "United States",
    aliases: ["new york city", "nyc", "manhattan", "new york ny"],
    areas: [
      "Lower Manhattan | the first ferry to the Statue of Liberty | the 9/11 Memorial and Wall Street | the Brooklyn Bridge walked toward the skyline",
      "Midtown | the Top of the Rock or Summit deck | Grand Central, Bryant Park and the Public Library | a Broadway show",
      "Central Park & Museum Mile | the Ramble and Bethesda Terrace | the Metropolitan Museum of Art | jazz on the Upper West Side",
      "Chelsea & Greenwich Village | the High Line from Hudson Yards | the Whitney Museum and Chelsea galleries | comedy or jazz in the Village",
      "Brooklyn | brownstones and the promenade in Brooklyn Heights | DUMBO and vintage shops in Williamsburg | the skyline from Domino Park",
    ],
    dayTrips: [
      "Coney Island & Brighton Beach | the boardwalk and the aquarium | the Cyclone and the beach | dumplings in Brighton Beach",
      "The Hudson Valley | a morning train along the river to Cold Spring | the sculptures at Storm King or Dia Beacon | a farm supper before the train back",
    ],
    food: "pastrami on rye at Katz's | a slice at Joe's in the Village | soup dumplings in Flushing or Chinatown | bagels and lox at Russ & Daughters | tacos at Los Tacos No. 1 in Chelsea Market",
    transport:
      "Tap a contactless card on subway and buses; fares are capped each week. Express trains skip stops, so read the sign on the platform.",
    tip: "Tips of 18–20% are expected in restaurants; same-day theatre tickets are sold in Times Square.",
  }),
  guide({
    name: "Rome",
    country: "Italy",
    aliases: ["roma"],
    areas: [
      "Ancient Rome | the Colosseum by the first timed entry | the Forum and the Palatine Hill | the view from the Capitoline terrace at sunset",
      "The historic centre | the Pantheon and a standing espresso | Piazza Navona and the Caravaggios of San Luigi | the Trevi Fountain late, when it is quiet",
      "The Vatican | the Vatican Museums and Sistine Chapel | the dome of St Peter's | Castel Sant'Angelo and its angel bridge",
      "Trastevere & Aventine | the Orange Garden and the famous keyhole | Santa Maria in Trastevere and the ivy lanes | aperitivo on Piazza San Calisto",
      "Villa Borghese & the Spanish Steps | the Borghese Gallery (reserve) | rowing and pines in the park | a stroll down Via Margutta",
    ],
    dayTrips: [
      "Tivoli | the fountains of Villa d'Este | the ruins of Hadrian's Villa | supper back in Monti",
      "Ostia Antica | the Roman theatre and mosaics | the old taverns and the forum | a sunset swim at Ostia in summer, gelato in winter",
    ],
    food: "cacio e pepe at Da Felice in Testaccio | pizza al taglio at Bonci | supplì and artichokes in the Ghetto | carbonara in Trastevere | gelato at Giolitti",
    transport:
      "The centre is best on foot; the metro's two lines link the Vatican, the station and the Colosseum. Validate paper tickets.",
    tip: "Cover shoulders and knees for churches, and refill your bottle at the street fountains.",
  }),
  guide({
    name: "Barcelona",
    country: "Spain",
    aliases: ["barna"],
    areas: [
      "Eixample | the Sagrada Família in the morning light | Casa Batlló and the Passeig de Gràcia | vermouth around Enric Granados",
      "Gothic Quarter & El Born | the cathedral and the Roman walls | the Picasso Museum and Santa Maria del Mar | tapas along Carrer de l'Argenteria",
      "Gràcia & Park Güell | Park Güell's mosaics at opening | the village squares of Gràcia | the Bunkers del Carmel at sunset",
      "Montjuïc | the Miró Foundation | the castle and the gardens above the port | the Poble-sec pintxos street, Carrer de Blai",
      "Barceloneta | a swim or a run along the beach | the harbour and the old fishermen's lanes | seafood rice by the sea",
    ],
    dayTrips: [
      "Montserrat | the monastery and the black Madonna | the ridge path from the funicular | cava back in the city",
      "Sitges | the white old town and the Cau Ferrat | the beaches | a promenade drink at sunset",
    ],
    food: "tapas at the bar of El Xampanyet | bombas in Barceloneta | a market lunch in La Boqueria or Santa Caterina | paella by the beach at noon | churros on Carrer de Petritxol",
    transport:
      "Share one T-casual ticket of ten rides on metro, bus and tram; the airport train and bus need their own.",
    tip: "Dinner starts at nine; keep bags closed on La Rambla and in the metro.",
  }),
  guide({
    name: "Amsterdam",
    country: "Netherlands",
    aliases: [],
    areas: [
      "The canal ring | the Anne Frank House (tickets weeks ahead) | the Nine Streets and a canal boat | brown cafés in the Jordaan",
      "Museum Quarter | Vermeer and Rembrandt at the Rijksmuseum | the Van Gogh Museum | a concert at the Concertgebouw",
      "De Pijp | the Albert Cuyp market | Sarphatipark and small boutiques | Indonesian rice table nearby",
      "Noord | the free ferry to NDSM's murals | the EYE film museum | the lookout swing and a waterside bar",
      "Plantage & the East | the Hortus botanical garden | the Jewish Museum and Artis | a beer at the windmill brewery",
    ],
    dayTrips: [
      "Zaanse Schans | the working windmills | clogs, cheese and wooden houses | a canal supper in town",
      "Haarlem | the great church and its organ | the Frans Hals Museum | terraces on the Grote Markt",
    ],
    food: "herring with onions from a street stall | warm apple pie at Winkel 43 | stroopwafels on the Albert Cuyp | an Indonesian rijsttafel | bitterballen in a brown café",
    transport: "Rent a bicycle once you have watched the traffic for a day; trams take a contactless card.",
    tip: "Never stand on the red cycle lanes, and buy museum tickets online before you travel.",
  }),
  guide({
    name: "Berlin",
    country: "Germany",
    aliases: [],
    areas: [
      "Mitte | the Brandenburg Gate and the Reichstag dome | Museum Island | the courtyards around Hackescher Markt",
      "The Wall | the memorial on Bernauer Straße | the East Side Gallery | a canal bar in Kreuzberg",
      "Prenzlauer Berg | a long breakfast on Kollwitzplatz | Mauerpark and its flea market on Sundays | the beer garden Prater",
      "Charlottenburg | the palace and its park | the photography museum and Savignyplatz | opera or cabaret in the west",
      "Tempelhof & Neukölln | cycling the runways of Tempelhofer Feld | Neukölln's cafés and record shops | rooftop sunset at Klunkerkranich",
    ],
    dayTrips: [
      "Potsdam | the terraces of Sanssouci | the Dutch Quarter and the lakes | the Glienicke Bridge at dusk",
      "Wannsee | the lakeside house museum | a swim or ferry to Peacock Island | supper back on Savignyplatz",
    ],
    food: "currywurst at Konnopke's | a döner in Kreuzberg | Königsberger Klopse in an old tavern | Thai street food in Preußenpark on weekends | a bakery breakfast in Prenzlauer Berg",
    transport: "One AB ticket covers S-Bahn, U-Bahn, trams and buses; stamp it before you ride.",
    tip: "Register online for the Reichstag dome, and carry cash, as some cafés still take nothing else.",
  }),
  guide({
    name: "Lisbon",
    country: "Portugal",
    aliases: ["lisboa"],
    areas: [
      "Alfama | São Jorge Castle and its peacocks | the lanes to the Fado Museum | fado in a small tavern",
      "Belém | the Jerónimos cloister | the Tower and the MAAT by the river | sunset on the riverside path",
      "Baixa & Chiado | Rossio and the Santa Justa lift | bookshops and the Carmo ruins | the Bica funicular and its bars",
      "Príncipe Real & Bairro Alto | the botanical garden | design shops and the São Pedro viewpoint | wine bars in Bairro Alto",
      "Alcântara & Parque das Nações | the LX Factory's studios | the Oceanarium and the cable car | dinner by the river",
    ],
    dayTrips: [
      "Sintra | Pena Palace by the first entry | Quinta da Regaleira's well | a travesseiro pastry before the train",
      "Cascais | the coastal path to Boca do Inferno | the beaches and the old town | grilled fish on the harbour",
    ],
    food: "warm custard tarts at Manteigaria | grilled sardines in Alfama | a bifana at As Bifanas do Afonso | seafood at Cervejaria Ramiro | tasting plates at the Time Out Market",
    transport: "A Navegante card works on metro, trams and ferries; ride tram 28 early, before the queues.",
    tip: "Wear shoes with grip: the hills are paved with polished stone.",
  }),
  guide({
    name: "Vienna",
    country: "Austria",
    aliases: ["wien"],
    areas: [
      "The inner city | St Stephen's and its tower | the Hofburg and the National Library's hall | standing-room opera",
      "Schönbrunn | the palace state rooms | the gardens up to the Gloriette | a Heuriger in Grinzing",
      "Museum Quarter | Bruegel at the Kunsthistorisches | the Leopold Museum's Schiele | the courtyard loungers and Spittelberg",
      "Belvedere & Karlsplatz | Klimt's Kiss at the Upper Belvedere | the Naschmarkt | a concert at the Musikverein",
      "Prater & the Danube | the giant wheel | the canal's murals and beach bars | dinner in the Karmeliter quarter",
    ],
    dayTrips: [
      "The Wachau | Melk Abbey | a Danube boat to Dürnstein | wine by the river",
      "Bratislava | the castle | the old town's cafés | the boat back up the Danube",
    ],
    food: "schnitzel at Gasthaus Pöschl | Sachertorte in a coffee house | a sausage from the Bitzinger stand | Tafelspitz at Plachutta | mezze on the Naschmarkt",
    transport:
      "A day ticket covers trams, metro and buses; tram D and line 1 along the Ring are sightseeing for the price of a ride.",
    tip: "Linger in the coffee houses: one cup buys the table, the newspapers and the afternoon.",
  }),
  guide({
    name: "Prague",
    country: "Czechia",
    aliases: ["praha"],
    areas: [
      "The castle & Malá Strana | St Vitus Cathedral at opening | the Wallenstein and Vrtba gardens | Charles Bridge after dark",
      "The old town | the astronomical clock and Týn church | the Jewish Quarter's synagogues | a black-light or classical evening",
      "Vyšehrad & New Town | the ramparts above the river | the Dancing House and the embankment market | Wenceslas Square's passages",
      "Letná & Holešovice | the metronome and the beer garden's view | the DOX gallery and the market hall | a theatre bar in Holešovice",
      "Vinohrady & Žižkov | Riegrovy sady in the morning sun | the television tower's crawling babies | pubs of Žižkov",
    ],
    dayTrips: [
      "Kutná Hora | the bone church | St Barbara's and the silver mine | a late train to Prague",
      "Karlštejn | the castle on its rock | the forest walk to the quarry lakes | duck and dumplings in the village",
    ],
    food: "goulash and tank beer at Lokál | svíčková in a Vinohrady pub | open sandwiches at Sisters | fried cheese from a street stand | honey cake in a café",
    transport: "Trams run all night; buy a 24-hour ticket in the app and stamp nothing twice.",
    tip: "Change no money in the street, and see the bridge before eight in the morning.",
  }),
  guide({
    name: "Istanbul",
    country: "Türkiye",
    aliases: ["constantinople"],
    areas: [
      "Sultanahmet | Hagia Sophia and the Blue Mosque | Topkapı Palace and the cisterns | rooftop tea above the domes",
      "The bazaars | the Süleymaniye and its terrace | the Grand and the Spice Bazaar | the Galata Bridge at sunset",
      "Beyoğlu | the Galata Tower and Serdar-ı Ekrem | İstiklal and its passages | meyhane tables in Asmalımescit",
      "Kadıköy | the ferry to Asia with tea and simit | the market and Moda's seafront | live music in Kadıköy",
      "The Bosphorus | Dolmabahçe Palace | a public ferry up the strait | fish in Arnavutköy",
    ],
    dayTrips: [
      "The Princes' Islands | the ferry to Büyükada | bicycles among wooden mansions | seafood by the pier",
      "Bursa | the green mosque and tomb | the silk market and Mount Uludağ's cable car | the fast ferry back",
    ],
    food: "a long Turkish breakfast in Beşiktaş | balık ekmek by the Golden Horn | lahmacun and şalgam at Çiya in Kadıköy | baklava at Karaköy Güllüoğlu | meze and rakı in a meyhane",
    transport:
      "An Istanbulkart opens ferries, trams, metro and funiculars; the ferries are the best view in town.",
    tip: "Mosques close to visitors at prayer times; bring a scarf and shoes that slip off.",
  }),
  guide({
    name: "Athens",
    country: "Greece",
    aliases: ["athina"],
    areas: [
      "The Acropolis | the Parthenon by the first slot | the Acropolis Museum | the Areopagus rock at sunset",
      "Plaka & Monastiraki | the Ancient Agora | Anafiotika's island lanes | rooftop drinks facing the Acropolis",
      "Museums & Exarchia | the National Archaeological Museum | bookshops and murals of Exarchia | rebetiko in a small taverna",
      "Koukaki & Philopappou | the pine paths of Philopappou | Koukaki's cafés | open-air cinema in season",
      "Kolonaki & Lycabettus | the Benaki Museum | the National Garden | Lycabettus Hill by funicular",
    ],
    dayTrips: [
      "Cape Sounion | the coast road south | a swim below the cape | sunset at the temple of Poseidon",
      "Aegina | the ferry from Piraeus | the temple of Aphaia and pistachios | octopus on the quay",
    ],
    food: "souvlaki at Kostas | bougatsa near Monastiraki | mezedes in Psyrri | grilled fish in Mikrolimano | koulouri and freddo espresso on the go",
    transport: "The metro links airport, centre and port; 90-minute tickets tap at the gates.",
    tip: "Do the ruins early: there is no shade at noon, and the marble is slippery.",
  }),
  guide({
    name: "Dubai",
    country: "United Arab Emirates",
    aliases: [],
    areas: [
      "Downtown | the Burj Khalifa deck before ten | the Dubai Mall aquarium | the fountain show on the lake",
      "Old Dubai | Al Fahidi's wind towers | an abra to the gold and spice souks | dinner by the Creek",
      "Jumeirah | the public beach at Kite Beach | Jumeirah Mosque's open visit | Madinat's waterways facing the Burj Al Arab",
      "Marina & Palm | a walk around the Marina | The View at the Palm | a dhow cruise",
      "Al Quoz & Design District | the galleries of Alserkal Avenue | studios and coffee roasters | open-air film or theatre",
    ],
    dayTrips: [
      "The desert | falcons and the dune reserve at dawn | a rest by the pool at noon | a camp under the stars",
      "Abu Dhabi | the Sheikh Zayed Grand Mosque | the Louvre Abu Dhabi | the Corniche at sunset",
    ],
    food: "mandi in Al Rigga | karak tea and chips Oman by the Creek | Emirati breakfast at Arabian Tea House | Iranian kebab at Al Ustad | shawarma on 2nd December Street",
    transport: "The metro is clean, cheap and cool, with a Nol card; taxis fill the gaps.",
    tip: "Plan the outdoors for mornings and nights, and dress modestly in the old town and mosques.",
  }),
  guide({
    name: "Singapore",
    country: "Singapore",
    aliases: [],
    areas: [
      "Marina Bay | Gardens by the Bay's cool domes | the ArtScience Museum and the bayfront | the supertree light show",
      "Chinatown | the Buddha Tooth Relic temple | Maxwell food centre and Ann Siang Hill | cocktails in a shophouse",
      "Kampong Gelam & Little India | the Sultan Mosque and Haji Lane | Tekka market and the temples of Serangoon Road | supper under the fans",
      "Botanic Gardens | the orchid garden | Dempsey Hill | Orchard Road's lights",
      "Katong & East Coast | Peranakan houses on Koon Seng Road | cycling East Coast Park | chilli crab by the sea",
    ],
    dayTrips: [
      "Pulau Ubin | the bumboat from Changi | cycling to the Chek Jawa wetlands | seafood at Changi Village",
      "Sentosa | Fort Siloso's skywalk | the beaches or the aquarium | sunset at Tanjong Beach",
    ],
    food: "Hainanese chicken rice at Tian Tian | laksa in Katong | kaya toast at Ya Kun | satay at Lau Pa Sat after dark | roti prata in Little India",
    transport: "Tap any contactless card on the MRT and buses; nearly everything is within a few stops.",
    tip: "Reserve a hawker table with a packet of tissues, and expect a short storm in the afternoon.",
  }),
  guide({
    name: "Bangkok",
    country: "Thailand",
    aliases: ["krung thep"],
    areas: [
      "Rattanakosin | the Grand Palace and the Emerald Buddha | Wat Pho's reclining Buddha and a massage | Wat Arun across the river at dusk",
      "Chinatown | the flower market at Pak Khlong | Talat Noi's lanes and the Golden Buddha | street food on Yaowarat Road",
      "Siam & Jim Thompson House | the silk merchant's teak house | the art centre and the malls | the Rot Fai night market",
      "Sathorn & Lumphini | monitor lizards in Lumphini Park | Bang Rak's old riverside | a rooftop above Silom",
      "Thonburi | a long-tail boat on the canals | the Artist's House | dinner by the river",
    ],
    dayTrips: [
      "Ayutthaya | the ruins by bicycle | a boat around the island | the train back at sunset",
      "Bang Krachao | cycling the green lung | the tree-house floating market | supper in Phra Khanong",
    ],
    food: "boat noodles at Victory Monument | pad thai at Thip Samai | oyster omelette in Chinatown | green curry at Krua Apsorn | mango sticky rice on Thong Lo",
    transport: "The BTS and MRT glide over the traffic, and the express boats are the old town's metro.",
    tip: "Cover shoulders and knees at temples, and ignore anyone who says that the palace is closed.",
  }),
  guide({
    name: "Seoul",
    country: "South Korea",
    aliases: [],
    areas: [
      "Palaces | the guard change at Gyeongbokgung | Bukchon's hanok lanes | tea in Insadong",
      "Myeongdong & Namsan | Namdaemun Market | the cable car to N Seoul Tower | street snacks in Myeongdong",
      "Hongdae & Yeonnam | the forest park on the old railway | vintage shops and cafés | live music in Hongdae",
      "Gangnam & the river | Bongeunsa temple and the library at COEX | Seoul Forest and Seongsu's ateliers | the Banpo Bridge fountain",
      "Dongdaemun & Euljiro | the DDP's curves | Gwangjang Market | hidden bars of Euljiro",
    ],
    dayTrips: [
      "Suwon | the Hwaseong fortress walls | the folk village | fried chicken street",
      "The DMZ | the Dora observatory by tour | the third tunnel | barbecue back in Mapo",
    ],
    food: "bindaetteok in Gwangjang Market | samgyeopsal in Mapo | ginseng chicken at Tosokchon | cold noodles at Woo Lae Oak | late tteokbokki in Sindang",
    transport: "A T-money card works on metro and buses; Naver Map knows the right exit number.",
    tip: "Maps from abroad work badly here, so install Naver Map or KakaoMap before you land.",
  }),
  guide({
    name: "Sydney",
    country: "Australia",
    aliases: [],
    areas: [
      "The harbour | the Opera House tour | the Botanic Garden to Mrs Macquarie's Chair | the Harbour Bridge walk at dusk",
      "The Rocks & Barangaroo | the lanes and the observatory hill | the headland park and Darling Harbour | a small bar in a sandstone cellar",
      "Bondi | a swim at Bondi Icebergs | the coastal walk to Bronte and Coogee | fish and chips on the grass",
      "Manly | the ferry across the heads | Shelly Beach and North Head | the sunset ferry home",
      "Newtown & Surry Hills | coffee and murals | Carriageworks and vintage shops | a pub band on King Street",
    ],
    dayTrips: [
      "The Blue Mountains | the Three Sisters at Echo Point | the Wentworth Falls track | the train back to Central",
      "Royal National Park | the ferry to Bundeena | the coast track and Wedding Cake Rock | seafood in Cronulla",
    ],
    food: "prawns at the fish market | brunch at Bills | laksa in Chinatown | a pie from Harry's Café de Wheels | modern Australian on Crown Street",
    transport:
      "Tap your card on trains, trams and ferries; fares are capped each day, and lower on weekends.",
    tip: "Swim between the flags, and put on sunscreen even under cloud.",
  }),
  guide({
    name: "San Francisco",
    country: "United States",
    aliases: ["san fran", "sf"],
    areas: [
      "The waterfront | Alcatraz by the early boat | the Ferry Building and the Exploratorium | sea lions and the lights of the Bay Bridge",
      "Golden Gate | the bridge on foot or by bicycle | Crissy Field and the Palace of Fine Arts | Lands End at sunset",
      "Chinatown & North Beach | dragon gate and fortune cookies | City Lights and Coit Tower | a jazz bar on Columbus",
      "The Mission & Castro | murals of Balmy Alley | Dolores Park | a film at the Castro",
      "Golden Gate Park | the de Young and the tea garden | the Academy of Sciences | a bonfire on Ocean Beach",
    ],
    dayTrips: [
      "Muir Woods & Sausalito | the redwoods (reserve parking) | Sausalito's houseboats | the ferry back",
      "Sonoma | the mission and plaza | two small wineries | a farm table supper",
    ],
    food: "a Mission burrito at La Taqueria | sourdough and chowder on the wharf | dim sum in Chinatown | cioppino in North Beach | pastries at Tartine",
    transport:
      "A Clipper card on your phone works on Muni, BART and ferries; board cable cars mid-route to skip the queue.",
    tip: "Bring layers: the fog arrives in the afternoon, most of all in summer.",
  }),
  guide({
    name: "Mexico City",
    country: "Mexico",
    aliases: ["cdmx", "ciudad de mexico"],
    areas: [
      "The historic centre | the Templo Mayor | Diego Rivera's murals and Bellas Artes | mezcal above the Zócalo",
      "Chapultepec | the Anthropology Museum | the castle and the lake | dinner in Polanco",
      "Roma & Condesa | Parque México under the jacarandas | bookshops and galleries | cocktails in Roma Norte",
      "Coyoacán | Frida Kahlo's blue house (tickets ahead) | the market and the garden square | the plaza's music",
      "San Ángel & Xochimilco | the Saturday bazaar and the Carmen convent | a trajinera on the canals | churros at El Moro",
    ],
    dayTrips: [
      "Teotihuacán | the pyramids at opening | the murals of Tepantitla | pulque in a market hall",
      "Puebla | the Talavera-tiled centre | the Cholula pyramid | mole before the bus back",
    ],
    food: "tacos al pastor at El Vilsito | tostadas in the Coyoacán market | chilaquiles in Condesa | seafood at Contramar | tamales from a morning cart",
    transport: "The metro is quick outside rush hour; at night take an app taxi.",
    tip: "Take the first day slowly: the city lies at 2,240 metres.",
  }),
  guide({
    name: "Cape Town",
    country: "South Africa",
    aliases: [],
    areas: [
      "Table Mountain | the first cable car if the top is clear | the Company's Garden and museums | Signal Hill at sunset",
      "The waterfront | the ferry to Robben Island | the Zeitz museum of African art | seafood at the V&A",
      "Bo-Kaap & Woodstock | the coloured houses and spice shops | the Old Biscuit Mill | small plates on Bree Street",
      "Kirstenbosch & Constantia | the tree-canopy walk | a cellar in the oldest vineyards | supper under oaks",
      "The Atlantic beaches | Sea Point promenade | Clifton and Camps Bay | sundowners facing the Twelve Apostles",
    ],
    dayTrips: [
      "The Cape Peninsula | Chapman's Peak drive | Cape Point and the penguins of Boulders | fish in Kalk Bay",
      "Stellenbosch | the oak-lined town | two wine estates | a long Cape Dutch dinner",
    ],
    food: "a Gatsby sandwich to share | Cape Malay curry in Bo-Kaap | snoek at Kalky's | braai at a township shisanyama | tasting plates on Bree Street",
    transport: "MyCiTi buses serve airport, centre and beaches; use an app taxi after dark.",
    tip: "Go up Table Mountain on the first clear morning, for the wind may close it on the next.",
  }),
  guide({
    name: "Rio de Janeiro",
    country: "Brazil",
    aliases: ["rio"],
    areas: [
      "Corcovado & Santa Teresa | Christ the Redeemer by the cog train | Santa Teresa's tram and studios | samba in Lapa",
      "Sugarloaf & Urca | the Pista Cláudio Coutinho path | the cable cars to Sugarloaf | beer on the Urca wall",
      "Ipanema & Leblon | the beach at Posto 9 | the lagoon by bicycle | applause for the sunset at Arpoador",
      "Centro & Porto | the Museum of Tomorrow | the Royal Portuguese Reading Room | Pedra do Sal's samba",
      "The botanical garden | the avenue of palms | Parque Lage | a boteco in Jardim Botânico",
    ],
    dayTrips: [
      "Niterói | the ferry across Guanabara Bay | Niemeyer's museum | beaches at Itacoatiara",
      "Petrópolis | the imperial palace | the crystal palace and breweries | the mountain road back",
    ],
    food: "feijoada on a Saturday | pão de queijo and juice at a corner bar | moqueca in Leblon | churrasco in Flamengo | açaí after the beach",
    transport: "Metro and light rail are safe and quick; take an app taxi at night.",
    tip: "Leave jewellery in the hotel and carry a copy of your passport.",
  }),
  guide({
    name: "Reykjavik",
    country: "Iceland",
    aliases: [],
    areas: [
      "The old centre | Hallgrímskirkja's tower | the lake and the settlement exhibition | bars along Laugavegur",
      "The harbour | whale watching | the Maritime Museum and Grandi's studios | Harpa's glass at night",
      "Perlan & the pools | Perlan's ice cave and view | a soak at Vesturbæjarlaug | northern lights from Grótta when dark",
      "Laugardalur | the botanical garden | the big thermal pool | lamb soup downtown",
      "The Reykjanes edge | Krýsuvík's mud springs | the Bridge between Continents | the Blue Lagoon's last slot",
    ],
    dayTrips: [
      "The Golden Circle | Þingvellir's rift | Geysir and Gullfoss | the Secret Lagoon",
      "The south coast | Seljalandsfoss and Skógafoss | the black beach at Vík | a long supper back in town",
    ],
    food: "a hot dog at Bæjarins Beztu | lamb soup at Svarta Kaffið | fish stew in the old harbour | cinnamon rolls at Brauð & Co | skyr and rye bread for breakfast",
    transport: "The centre is walkable; rent a car or join a bus for the country, and check road.is first.",
    tip: "Bring a swimsuit and a windproof jacket, whatever the season.",
  }),
];

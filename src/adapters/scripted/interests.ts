/** What travellers ask a plan to mind. */
export type Interest =
  | "children"
  | "vegetarian"
  | "art"
  | "nature"
  | "nightlife"
  | "budget"
  | "access"
  | "romance";

/** The interests that a text names, each once, in a fixed order. */
export function interestsFromText(text: string): readonly Interest[] {
  return INTERESTS.filter((interest) => GUIDANCE[interest].pattern.test(text));
}

/** One sentence of advice for an interest. */
export function adviceFor(interest: Interest): string {
  return GUIDANCE[interest].advice;
}

interface Guidance {
  readonly pattern: RegExp;
  readonly advice: string;
}

const GUIDANCE: Readonly<Record<Interest, Guidance>> = {
  children: {
    pattern: /\b(?:kids?|child(?:ren)?|famil(?:y|ies)|toddlers?|bab(?:y|ies))\b/iu,
    advice:
      "**With children:** keep one big sight a day, and put a park or a pool between lunch and the afternoon.",
  },
  vegetarian: {
    pattern: /\b(?:vegetarian|vegan|plant[\s-]based|gluten[\s-]free)\b/iu,
    advice:
      "**Eating your way:** say what you do not eat when you reserve, and note it in the local language on your phone.",
  },
  art: {
    pattern:
      /\b(?:art|arts|museums?|galler(?:y|ies)|architecture|history|historic(?:al)?|culture|cultural)\b/iu,
    advice:
      "**Art and history:** most museums close one day a week, often Monday; check before you fix the order of the days.",
  },
  nature: {
    pattern: /\b(?:nature|hik(?:e|es|ing)|parks?|outdoors?|beach(?:es)?|gardens?)\b/iu,
    advice:
      "**Outdoors:** give the clearest morning to the longest walk, and take water and a layer with you.",
  },
  nightlife: {
    pattern: /\b(?:nightlife|bars?|clubs?|cocktails?|part(?:y|ies)|live music|jazz)\b/iu,
    advice:
      "**Nights out:** start late, keep the way home in mind, and let the next morning begin an hour later.",
  },
  budget: {
    pattern: /\b(?:budget|cheap(?:er|ly)?|affordable|inexpensive|low[\s-]cost|backpack(?:ing|er)?)\b/iu,
    advice:
      "**On a budget:** eat the big meal at lunch, take the free museum hours, and buy a day pass for transport.",
  },
  access: {
    pattern: /\b(?:wheelchair|accessible|accessibility|step[\s-]free|limited mobility)\b/iu,
    advice:
      "**Step-free:** ask each sight for its accessible entrance when you book; staff will often take you past the queue.",
  },
  romance: {
    pattern: /\b(?:romantic|honeymoon|anniversary|couple'?s)\b/iu,
    advice:
      "**For two:** reserve one fine table for the last evening, and keep the sunset hours free of plans.",
  },
};

const INTERESTS: readonly Interest[] = [
  "children",
  "vegetarian",
  "art",
  "nature",
  "nightlife",
  "budget",
  "access",
  "romance",
];

"""Words that give away what a phrase is about, where the vocabulary does not know the phrase as a whole.

They are clues and not vocabulary: nothing is written from here, and a wrong clue only moves free words to another
role.
"""

from __future__ import annotations


def bag(words: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(words.split())


LIGHT = bag(
    "light lights lighting lit backlit backlight sidelight moonlight sunlight daylight lamplight "
    "candlelight starlight firelight streetlight spotlight lamp lamps sun sunny sunbeam sunbeams sunshine "
    "shadow shadows flash strobe softbox octabox beauty-dish reflector gobo neon tungsten fluorescent "
    "illuminated illumination glow glowing catchlight catchlights highlights kicker key fill chiaroscuro "
    "lantern torch dusk overcast"
)
CAMERA = bag(
    "lens camera bokeh aperture dof depth-of-field focal focus focused focussed defocused shutter "
    "exposure iso telephoto macro wide-angle tilt-shift fisheye anamorphic prime zoom canon nikon sony "
    "leica fujifilm fuji hasselblad sigma zeiss pentax mamiya rollei contax olympus panasonic lumix "
    "polaroid iphone pixel samsung smartphone dslr slr mirrorless kodak ilford portra ektar provia velvia "
    "cinestill tri-x f-stop candid documentary bokehlicious close-focus viewfinder panning motion-blur"
)
CAMERA_PHRASES = ("depth of field", "motion blur", "in focus", "out of focus", "background soft", "background blur",
                  "soft background", "blurred background", "blurry background", "point of view", "eye level",
                  "low angle", "high angle", "wide angle", "tilt shift", "medium format", "large format", "film stock",
                  "documentary style", "street photography style", "photo booth")  # fmt: skip
QUALITY = bag(
    "photorealistic photorealism hyperrealistic realistic realism masterpiece hd uhd fhd hdr 4k 8k 16k 2k "
    "raw quality hires highres high-res high-resolution resolution detailed details detail sharp crisp "
    "award-winning professional trending artstation unreal octane render rendered cinematic editorial "
    "commercial ultra-realistic ultrarealistic lifelike photographic grain grainy unedited"
)
MEDIUM = bag(
    "photo photos photograph photography picture image shot snapshot pic photographed photographic render "
    "drawing"
)
PERSON = bag(
    "woman women man men girl girls boy boys lady guy person people child children kid kids baby babies "
    "toddler teenager teen adult couple family grandmother grandfather grandma grandpa mother father mom "
    "mum dad sister sisters brother brothers daughter son bride groom wife husband friend friends model "
    "portrait headshot selfie face faces self-portrait nurse doctor surgeon soldier sailor fisherman "
    "fishmonger farmer chef cook baker carpenter craftsman luthier potter painter writer poet novelist "
    "author teacher student professor scientist engineer worker mechanic driver pilot astronaut "
    "firefighter policeman officer monk nun priest queen king princess prince knight viking warrior witch "
    "wizard dancer ballerina singer musician drummer pianist violinist guitarist trumpeter actor actress "
    "athlete boxer runner swimmer footballer skater cyclist climber photographer librarian businessman "
    "businesswoman ceo lawyer waiter waitress barista bartender tailor blacksmith weaver shepherd cowboy "
    "redhead blonde brunette character hero villain elder senior veteran tourist traveler hiker gardener "
    "sculptor artist beekeeper ceramicist 1girl 1boy mujer hombre retrato frau mann portraits headshots "
    "twins bodybuilder hairdresser barber butcher judge vendor"
)
PERSON_ENDINGS = ("woman", "women", "smith", "monger", "keeper", "player", "maker", "ologist", "year-old")
THING = bag(
    "product bottle perfume watch wristwatch shoe shoes sneaker sneakers bag handbag wallet bowl mug cup "
    "glass jar tin can box package packaging phone smartphone laptop headphones earbuds speaker ring "
    "necklace jewelry jewellery earrings lipstick cosmetics cream serum candle vase teapot kettle knife "
    "pan chair lamp sofa toy book pen lighter whisky wine beer coffee chocolate cake burger bread fruit "
    "pears apples jug keyboard mouse packshot still-life cutlery plate sunglasses backpack belt camera"
)
LANDSCAPE = bag(
    "landscape mountain mountains valley hill hills coast coastline beach sea ocean lake river waterfall "
    "forest desert dunes dune field fields meadow glacier volcano canyon cliff cliffs island skyline "
    "cityscape street alley crossing road village harbor harbour fjord prairie savanna jungle countryside "
    "seascape city town bridge square market"
)
INTERIOR = bag(
    "interior room kitchen bedroom bathroom livingroom hallway lobby office loft apartment architecture "
    "building facade staircase library museum church cathedral restaurant house villa studio "
    "architectural"
)
MACRO = bag("macro insect bee ant spider droplet dewdrop dew petal snowflake stamen")
PLACE = LANDSCAPE | INTERIOR | bag(
    "cafe café bar pub club gym stage rooftop garden park workshop barn stall bus train car subway "
    "station platform shop store backyard porch balcony window doorway pier boat ship bench background "
    "backdrop night rain snow fog mist storm dawn outdoors indoors outside inside seamless wall tokyo "
    "paris london york lisbon berlin marble table tablecloth countertop party ramp autumn winter summer "
    "spring evening morning"
)  # fmt: skip
BODY = bag(
    "skin hair eyes eye nose lips lip mouth jaw jawline cheek cheeks cheekbones forehead eyebrows brows "
    "eyelashes lashes chin neck shoulders shoulder hands hand arms forearms freckles wrinkles beard "
    "stubble mustache moustache scar tattoo tattoos smile smiling pores makeup mole dimples complexion "
    "wearing dress shirt jacket coat hat cap scarf suit blazer sweater hoodie jeans uniform apron glasses "
    "earring necklace bun braid ponytail curls bangs teeth ears expression bearded build face clothes "
    "clothing gloves boots forehead legs feet skinned haired"
)
SETTING_WORDS = bag(
    "in on at by behind inside under near against beside among amid along across over through above below "
    "between outside within beneath around amongst overlooking surrounded standing sitting seated leaning "
    "walking lying"
)
"""Words that begin a place: "in a forest", "standing by the window"."""

AGE = bag("teens twenties thirties forties fifties sixties seventies eighties nineties")

EMPTY = bag(
    "a an the and with of to by for as from is are was be i want please me my very some this that it its "
    "her his their shot taken using made captured photographed featuring showing has have having made "
    "you can see there at on in your looks like comes coming camera's style only all or plus but while "
    "who which both any also just so mostly simulated through source against left right side upper "
    "lower coming camera-left camera-right"
)
"""Words that carry nothing alone."""

HEADINGS = {
    "subject": "subject", "light": "light", "lighting": "light", "lights": "light", "lens": "camera",
    "camera": "camera",
    "setting": "setting", "background": "setting", "location": "setting", "scene": "setting", "details": "detail",
    "detail": "detail", "skin": "detail", "quality": "quality", "negative": "negative", "avoid": "negative",
    "environment": "setting", "style": "quality", "optics": "camera",
}  # fmt: skip
"""Headings of structured prompts ("Light: ...") and the role of what follows."""

"""Word lists that several rules share. What one rule needs for itself stands in that rule.

They say how people write, not what works; what works is the vocabulary (`fluxgram.photography`). Lower case, hyphens
as spaces.
"""

from __future__ import annotations

from types import MappingProxyType


def word_set(words: str) -> frozenset[str]:
    """The words of a text that are parted by spaces."""
    return frozenset(words.split())


def phrase_list(words: str) -> tuple[str, ...]:
    """The phrases of a text that are parted by commas."""
    return tuple(word.strip() for word in words.replace("\n", " ").split(",") if word.strip())


PEOPLE = phrase_list(
    """woman, man, girl, boy, lady, gentleman, person, people, child, children, kid, kids, baby, toddler, teenager,
    teen,
    women, men, girls, boys, couple, family, bride, groom, actor, actress, dancer, ballerina, athlete, runner, boxer,
    craftsman, craftswoman, carpenter, blacksmith, potter, farmer, fisherman, chef, cook, barista, baker, butcher,
    doctor, nurse, surgeon, scientist, engineer, mechanic, worker, teacher, student, artist, painter, musician,
    guitarist,
    pianist, violinist, singer, soldier, pilot, firefighter, police officer, businessman, businesswoman, ceo, monk, nun,
    priest, king, queen, princess, warrior, knight, samurai, cowboy, old man, old woman, grandmother, grandfather,
    grandma, grandpa, mother, father, mum, mom, dad, sister, brother, twins, friend, friends, stranger, tourist,
    traveler, traveller, hiker, surfer, skater, cyclist, shopkeeper, vendor, tailor, barber, fashion model, male model,
    female model, she, he, her, his, him, human, crowd, pedestrian, pedestrians, influencer, elder, senior"""
)
PORTRAIT = phrase_list(
    "portrait, portraits, headshot, head shot, selfie, mugshot, face, faces, self portrait"
)
PHOTOGRAPH = phrase_list(
    """photo, photograph, photography, picture, image, shot, photos, pictures, raw photo, raw, snapshot, photographic,
    photoshoot, render, rendering, scene, wallpaper, prompt"""
)
LIGHT = phrase_list(
    """lighting, lights, lit, sunlight, sunlit, sun, sunny, sunset, sunrise, sunbeam, sunbeams, sunshine, backlight,
    backlit, back lit, backlighting, sidelight, side lit, underlit, moonlight, moonlit, moon, candlelight, candlelit,
    candle, candles, daylight, skylight, golden hour, blue hour, magic hour, dusk, dawn, twilight, noon, midday, night,
    nighttime, evening, morning, afternoon, overcast, cloudy, neon, flash, strobe, softbox, soft box, beauty dish,
    octabox, umbrella light, shadow, shadows, shade, low key, high key, chiaroscuro, rembrandt, butterfly, loop, split,
    clamshell, rim, glow, glowing, lamp, lamps, lamplight, lantern, lanterns, firelight, fireplace, campfire, fire,
    tungsten, fluorescent, incandescent, streetlight, streetlights, streetlamp, silhouette, silhouetted, spotlight,
    ring light, rays, god rays, haze, reflector, gel, gels, gelled, illuminated, illumination, led, bulb, torch,
    headlights, lightning, bioluminescent, halo, key, contre jour, gobo, dappled, stormy sky, starlight, starry,
    aurora, screen glow"""
)
CAMERA = phrase_list(
    """lens, bokeh, aperture, depth of field, dof, portrait mode, telephoto, wide angle, ultra wide, fisheye, fish eye,
    tilt shift, macro, dslr, slr, mirrorless, canon, nikon, sony, leica, hasselblad, fujifilm, sigma, zeiss, tamron,
    pentax, mamiya, rolleiflex, olympus, panasonic, lumix, iphone, polaroid, instax, kodak, portra, ektar, cinestill,
    ilford, tri x, medium format, large format, 35mm film, film grain, film scan, anamorphic, arri alexa, gopro,
    disposable camera, point and shoot, pinhole camera, prime lens, zoom lens, smartphone photo, webcam, cctv"""
)
VAGUE = phrase_list(
    """beautiful, stunning, gorgeous, amazing, awesome, incredible, perfect, pretty, attractive, nice, good, great,
    epic,
    breathtaking, lovely, cute, handsome, fantastic, wonderful, magnificent, fabulous, marvelous, superb, outstanding,
    extraordinary, exquisite, mesmerizing, impressive, excellent, sexy, masterpiece, best quality, high quality,
    top quality, premium quality, highest quality, super quality, highly detailed, ultra detailed, super detailed,
    extremely detailed, hyper detailed, insanely detailed, very detailed, intricate details, award winning, award,
    winning, professional, trending on artstation, artstation, aesthetic, cinematic, ultra realistic, super realistic,
    very beautiful, best, beauty, eye catching, jaw dropping, mind blowing, wow, high end, hd, full hd, uhd, ultra hd,
    hdr, 4k, 8k, 16k, 32k, unreal, viral, iconic, high definition, high res, highres, absurdres, detailed, quality"""
)
QUALITY = phrase_list(
    """photorealistic, photo realistic, photorealism, hyperrealistic, hyper realistic, realistic, realism, lifelike,
    true to life, raw photo, high resolution, sharp focus, sharp, crisp, 4k, 8k, 16k, hd, uhd, hdr, full hd, ultra hd,
    masterpiece, best quality, high quality, highly detailed, ultra detailed, professional photo, award winning,
    professional photography, dslr quality, in focus, ultra realistic, film look, high detail, fine detail"""
)
STILL_LIFE = phrase_list(
    """bottle, perfume, wristwatch, pocket watch, watch, sneaker, sneakers, shoe, shoes, boots, handbag, backpack,
    wallet,
    mug, cup, teapot, bowl, plate, vase, chair, armchair, stool, sofa, desk, lamp, jar, can, tin, candle holder,
    headphones, earbuds, speaker, laptop, smartphone, keyboard, camera body, ring, necklace, bracelet, earrings,
    sunglasses, knife, spoon, fork, pan, kettle, coffee maker, toaster, blender, box, packaging, lipstick, cosmetics,
    serum, cream, soap, shampoo, toy, guitar, notebook, pen, belt, hat, suitcase"""
)
PRODUCT_SCENE = phrase_list(
    """product photo, product photograph, product photography, product shot, product image, product picture,
    product render, product mockup, packshot, pack shot, still life, e commerce, ecommerce, catalog shot,
    catalogue shot, commercial product, advertising shot, tabletop photo, tabletop photography, product on"""
)
FEATURES = MappingProxyType({
    "hair": ("hair", "haircut", "bob", "curls", "bangs", "braid", "ponytail", "braids", "haired"),
    "eyes": ("eyes", "eye color", "eye colour", "eyed", "irises"), "brows": ("eyebrows", "brows", "eyebrow"),
    "nose": ("nose", "nostrils"), "lips": ("lips", "lip", "mouth"), "jaw": ("jaw", "jawline", "chin"),
    "cheeks": ("cheekbones", "cheeks", "dimples"), "lashes": ("lashes", "eyelashes"), "skin": ("skin tone",
    "complexion",
        "skin", "skinned"),
    "forehead": ("forehead",), "ears": ("ears", "earlobes"), "teeth": ("teeth",), "neck": ("neck", "collarbones"),
    "face shape": ("oval face", "round face", "heart shaped face", "square face", "face shape", "diamond face"),
    "beard": ("beard", "moustache", "mustache", "stubble", "goatee"), "marks": ("freckles", "mole", "beauty mark",
        "birthmark", "scar"),
    "height": ("tall", "short stature", "slim", "slender", "muscular", "petite", "curvy", "athletic build"),
})  # fmt: skip
"""Features of a person by what they are about."""
GROUPS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "people": PEOPLE,
        "portrait": PORTRAIT,
        "photograph": PHOTOGRAPH,
        "light": LIGHT,
        "bare light": ("light",),
        "camera": CAMERA,
        "vague": VAGUE,
        "quality": QUALITY,
        "still life": STILL_LIFE,
        "product scene": PRODUCT_SCENE,
        "appearance": tuple(word for words in FEATURES.values() for word in words),
    }
)
"""Groups of phrases that every draft looks for."""

NOT_LIGHT_AFTER = word_set("""dusting brown blonde blond hair skin skinned olive eyes blue green grey gray pink red
yellow orange purple beige
    coloured colored shirt jacket dress makeup smile stubble beard freckles weight tan wood oak wash linen fabric rain
    breeze snow touch house bodied hearted footed brush""")
"""After these, "light" means pale or little, not light."""

SMALL = word_set("""a an the of with in on at by and or to from for is are was be her his their its my your our
this that these those
    as it she he they who whose which while into over under near very really so some one's up out wearing has have
    having against during through""")
"""Small English words that say nothing by themselves."""

GENERIC = word_set("""subject character model landscape scenery view background style look looking art artwork
thing things body young
    old adult beautiful one two three taken posing pose standing composition nature place city product object""")
"""Words too general to steer a picture."""

FOREIGN = word_set("""der die das und mit einer eine ein einem einen auf im von für ist nicht le la les un une des
du et avec dans sur
    pour est qui el los las una con por para del y en il lo gli che di della nel sono uma com um não na no dos het een
    van met op voor aan z w na se je som och med på av till""") - frozenset(
    {"die", "no", "la", "na", "an", "on", "in", "im", "van", "met", "of", "do", "som", "a", "en", "se", "y"}
)
"""Small words of other European languages that are no English words."""

/*
 * Objects of a payload in the shape of those before. Events of a type mostly have the same keys in the same order, so an
 * object is made in the shape that stood at its place the last time, and a key is only compared with the one that is
 * expected. Part of guest.c.
 */

enum {
    PLACES = 256,
    /* Of the objects of one payload; all others share the last. */
    PLACES_OF_ONE = 8,
    MOST_MEMBERS = 64,
};

/* `NULL`: nothing is expected there. */
static JSShape *shapes[PLACES];
static uint32_t first_place, object_count;

/* Values of the objects that are being read, of which the inner ones stand behind the outer ones. */
static JSValue *values;
static size_t value_count, value_capacity;

/* Says of which function the payload is that is read next. */
static void expect_of(uint32_t function)
{
    first_place = function * PLACES_OF_ONE % PLACES;
    object_count = 0;
}

static JSShape **next_place(void)
{
    uint32_t place = object_count < PLACES_OF_ONE ? object_count++ : PLACES_OF_ONE - 1;
    return &shapes[first_place + place];
}

static void push_value(JSValue value)
{
    if (value_count == value_capacity) {
        value_capacity = value_capacity ? value_capacity * 2 : 256;
        values = realloc(values, value_capacity * sizeof(JSValue));
        if (!values)
            __builtin_trap();
    }
    values[value_count++] = value;
}

/* Whether this key stands next, up to its closing quote, which is passed over then. */
static bool is_key_next(JSAtom key)
{
    const JSAtomStruct *name = rt->atom_array[key];
    size_t length = name->len;
    if ((size_t)(text_end - at) <= length || at[length] != '"')
        return false;
    const uint8_t *letters = str8((JSString *)name);
    for (size_t i = 0; i < length; i++)
        if (at[i] != letters[i])
            return false;
    at += length + 1;
    return true;
}

/* Whether a key is written in JSON letter by letter. */
static bool is_plain_key(JSAtom key)
{
    if (__JS_AtomIsTaggedInt(key))
        return false;
    const JSAtomStruct *name = rt->atom_array[key];
    if (name->is_wide_char)
        return false;
    const uint8_t *letters = str8((JSString *)name);
    for (size_t i = 0; i < name->len; i++)
        if (letters[i] < 0x20 || letters[i] >= 0x80 || letters[i] == '"' || letters[i] == '\\')
            return false;
    return true;
}

/* Expects the shape of an object that was read there. */
static void expect(JSShape **place, JSObject *object)
{
    JSShape *shape = object->shape;
    if (*place == shape || !shape->is_hashed || shape->prop_count > MOST_MEMBERS)
        return;
    for (int i = 0; i < shape->prop_count; i++)
        if (!is_plain_key(get_shape_prop(shape)[i].atom))
            return;
    if (*place)
        js_free_shape(rt, *place);
    *place = js_dup_shape(shape);
}

/* An object of that shape with the values from `first` on. */
static JSValue object_of(JSShape *shape, size_t first)
{
    JSValue object = JS_NewObjectFromShape(ctx, js_dup_shape(shape), JS_CLASS_OBJECT, NULL);
    if (!JS_IsException(object))
        for (size_t i = first; i < value_count; i++)
            JS_VALUE_GET_OBJ(object)->prop[i - first].u.value = values[i];
    value_count = first;
    return object;
}

/* An object with the first keys of that shape and the values from `first` on. */
static JSValue object_so_far(const JSShape *shape, size_t first)
{
    JSValue object = JS_NewObject(ctx);
    for (size_t i = first; i < value_count; i++) {
        JSAtom key = get_shape_prop((JSShape *)shape)[i - first].atom;
        add_property(ctx, JS_VALUE_GET_OBJ(object), key, JS_PROP_C_W_E)->u.value = values[i];
    }
    value_count = first;
    return object;
}

static void drop_values(size_t first)
{
    while (value_count > first)
        JS_FreeValue(ctx, values[--value_count]);
}

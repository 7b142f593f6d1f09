/*
 * Reads JSON into values, exact: what a double would not give back becomes a BigInt or a decimal, and what it would give
 * back goes with how it was written. Part of guest.c.
 */

static const uint8_t *at, *text_end;
static bool has_repeated, is_tagged, is_too_deep;
static uint16_t *wide;
static size_t wide_capacity;

static JSValue parse(int depth);

#include "shape.h"

static void skip_space(void)
{
    while (at < text_end && *at <= ' ' && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
}

/* Skips letters of a text that stand for themselves: no quote, no backslash, no control, ASCII. Eight at a time. */
static void skip_plain(void)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    while (text_end - at >= 8) {
        uint64_t letters;
        memcpy(&letters, at, 8);
        uint64_t quotes = letters ^ ones * '"', slashes = letters ^ ones * '\\';
        /* A letter that is found may be behind the first: which it is, is looked for below. */
        if (((quotes - ones) | (slashes - ones) | (letters - ones * 0x20) | letters) & tops)
            break;
        at += 8;
    }
    while (at < text_end && *at != '"' && *at != '\\' && *at >= 0x20 && *at < 0x80)
        at++;
}

static int hex_of(const uint8_t *digits)
{
    int code = 0;
    for (int i = 0; i < 4; i++) {
        int digit = digits[i];
        if (digit >= '0' && digit <= '9')
            digit -= '0';
        else if ((digit | 32) >= 'a' && (digit | 32) <= 'f')
            digit = (digit | 32) - 'a' + 10;
        else
            return -1;
        code = code * 16 + digit;
    }
    return code;
}

/* The text after an opening quote, as UTF-16 in `wide`. Returns its length, or -1. */
static int decode_text(bool *is_latin)
{
    size_t length = 0;
    *is_latin = true;
    for (;;) {
        if (length + 2 > wide_capacity) {
            wide_capacity = wide_capacity ? wide_capacity * 2 : 256;
            wide = realloc(wide, wide_capacity * sizeof(uint16_t));
            if (!wide)
                __builtin_trap();
        }
        if (at >= text_end)
            return -1;
        uint32_t code = *at++;
        if (code == '"')
            return length;
        if (code < 0x20)
            return -1;
        if (code == '\\') {
            if (at >= text_end)
                return -1;
            switch (*at++) {
            case '"': code = '"'; break;
            case '\\': code = '\\'; break;
            case '/': code = '/'; break;
            case 'b': code = '\b'; break;
            case 'f': code = '\f'; break;
            case 'n': code = '\n'; break;
            case 'r': code = '\r'; break;
            case 't': code = '\t'; break;
            case 'u': {
                int unit = text_end - at < 4 ? -1 : hex_of(at);
                if (unit < 0)
                    return -1;
                at += 4;
                code = unit;
                break;
            }
            default: return -1;
            }
        } else if (code >= 0x80) {
            int more = code >= 0xf0 ? 3 : code >= 0xe0 ? 2 : 1;
            uint32_t least = more == 3 ? 0x10000 : more == 2 ? 0x800 : 0x80;
            if (code < 0xc2 || code > 0xf4 || text_end - at < more)
                return -1;
            code &= 0x3f >> more;
            while (more--) {
                if ((*at & 0xc0) != 0x80)
                    return -1;
                code = code << 6 | (*at++ & 0x3f);
            }
            if (code < least || code > 0x10ffff)
                return -1;
        }
        if (code >= 0x10000) {
            wide[length++] = 0xd800 + ((code - 0x10000) >> 10);
            code = 0xdc00 + ((code - 0x10000) & 0x3ff);
        }
        if (code > 0xff)
            *is_latin = false;
        wide[length++] = code;
    }
}

static JSValue parse_text(void)
{
    const uint8_t *start = at;
    skip_plain();
    if (at < text_end && *at == '"')
        return js_new_string8_len(ctx, (const char *)start, at++ - start);
    at = start;
    bool is_latin;
    int length = decode_text(&is_latin);
    if (length < 0)
        return JS_UNDEFINED;
    if (!is_latin)
        return js_new_string16_len(ctx, wide, length);
    uint8_t *narrow = (uint8_t *)wide;
    for (int i = 0; i < length; i++)
        narrow[i] = wide[i];
    return js_new_string8_len(ctx, (const char *)narrow, length);
}

/* Whether the double gives this amount back when it is written. */
static bool is_kept_by(double number, const char *literal, size_t length)
{
    char ours[800], shortest[32], theirs[32];
    int our_power, their_power;
    JSDTOATempMem memory;
    if (!isfinite(number))
        return false;
    size_t count = significant(literal, length, ours, sizeof(ours), &our_power);
    if (count == 0)
        return true;
    if (count > 17 || number == 0)
        return false;
    size_t written = js_dtoa(shortest, number, 10, 0, JS_DTOA_FORMAT_FREE, &memory);
    size_t other = significant(shortest, written, theirs, sizeof(theirs), &their_power);
    return count == other && our_power == their_power && !memcmp(ours, theirs, count);
}

static JSValue call_with_text(JSValueConst function, const uint8_t *start, size_t length)
{
    JSValue text = js_new_string8_len(ctx, (const char *)start, length);
    JSValue value = JS_Call(ctx, function, JS_UNDEFINED, 1, vc(&text));
    JS_FreeValue(ctx, text);
    return value;
}

/* The decimal that is written there: a short one, where that is written so. */
static JSValue written_decimal(const uint8_t *start, const uint8_t *end)
{
    const uint8_t *letter = start + (*start == '-'), *point = NULL;
    Short amount = { 0, 0 };
    for (; letter < end && end - start <= SHORT_SCALE; letter++) {
        if (*letter == '.')
            point = letter;
        else if (*letter >= '0' && *letter <= '9')
            amount.mantissa = amount.mantissa * 10 + (*letter - '0');
        else
            break;
    }
    /* Minus nothing has a sign, which a short one has not. */
    if (letter < end || (*start == '-' && amount.mantissa == 0))
        return call_with_text(decimal_of, start, end - start);
    if (*start == '-')
        amount.mantissa = -amount.mantissa;
    if (point)
        amount.scale = end - point - 1;
    return new_short(amount);
}

/* The number that ends at `at`, whose parts were found: how it is written goes with it. */
static JSValue written_number(const uint8_t *start, const uint8_t *fraction, const uint8_t *power, double number)
{
    const uint8_t *point_end = power ? power : at;
    Style style;
    if (style_of(&style, fraction ? point_end - fraction : 0, power, at))
        return styled(js_float64(number), style);
    return is_lenient ? JS_NewFloat64(ctx, number) : written_decimal(start, at);
}

static JSValue parse_number(void)
{
    const uint8_t *start = at;
    bool is_negative = *at == '-';
    if (is_negative)
        at++;
    const uint8_t *whole = at;
    uint64_t amount = 0;
    while (at < text_end && *at >= '0' && *at <= '9') {
        if (at - whole < 18)
            amount = amount * 10 + (*at - '0');
        at++;
    }
    size_t digits = at - whole;
    if (digits == 0 || (digits > 1 && *whole == '0'))
        return JS_UNDEFINED;
    const uint8_t *fraction = NULL, *power = NULL;
    if (at < text_end && *at == '.') {
        fraction = ++at;
        for (; at < text_end && *at >= '0' && *at <= '9'; at++)
            if (at - whole <= DOUBLE_DIGITS)
                amount = amount * 10 + (*at - '0');
        if (at == fraction)
            return JS_UNDEFINED;
    }
    if (at < text_end && (*at | 32) == 'e') {
        power = at;
        if (++at < text_end && (*at == '+' || *at == '-'))
            at++;
        const uint8_t *exponent = at;
        while (at < text_end && *at >= '0' && *at <= '9')
            at++;
        if (at == exponent)
            return JS_UNDEFINED;
    }
    if (is_tagged && at < text_end && (*at == 'n' || *at == 'm')) {
        const uint8_t *end = at++;
        return *end == 'n' ? call_with_text(big_int_of, start, end - start) : written_decimal(start, end);
    }
    bool is_whole = !fraction && !power;
    if (is_whole && digits <= 18 && amount <= 9007199254740991) {
        if (is_negative && amount == 0)
            return written_number(start, NULL, NULL, -0.0);
        if (is_negative ? amount <= 2147483648u : amount <= 2147483647)
            return JS_NewInt32(ctx, is_negative ? (int32_t)-(int64_t)amount : (int32_t)amount);
        return JS_NewFloat64(ctx, is_negative ? -(double)amount : (double)amount);
    }
    if (is_whole && digits <= 18) {
        int64_t whole_amount = is_negative ? -(int64_t)amount : (int64_t)amount;
        return is_lenient ? JS_NewFloat64(ctx, (double)whole_amount) : JS_NewBigInt64(ctx, whole_amount);
    }
    /* So few digits and a power of ten are doubles, and so is what both together stand for. */
    if (fraction && !power && at - whole <= DOUBLE_DIGITS + 1) {
        double parts = is_negative ? -(double)amount : (double)amount;
        return written_number(start, fraction, NULL, parts / (double)powers_of_ten[at - fraction]);
    }
    JSATODTempMem memory;
    double number = js_atod((const char *)start, NULL, 10, 0, &memory);
    if (!is_whole && is_kept_by(number, (const char *)start, at - start))
        return written_number(start, fraction, power, number);
    if (is_lenient)
        return JS_NewFloat64(ctx, number);
    return is_whole ? call_with_text(big_int_of, start, at - start) : written_decimal(start, at);
}

/* Reads a key and its quotes. False where there is none. */
static bool parse_key(JSAtom *key)
{
    const uint8_t *start = at;
    skip_plain();
    if (at < text_end && *at == '"') {
        *key = JS_NewAtomLen(ctx, (const char *)start, at - start);
        at++;
        return true;
    }
    at = start;
    JSValue text = parse_text();
    if (JS_IsUndefined(text))
        return false;
    *key = JS_ValueToAtom(ctx, text);
    JS_FreeValue(ctx, text);
    return true;
}

static void put_member(JSObject *object, JSAtom key, JSValue value)
{
    JSProperty *slot;
    if (find_own_property(&slot, object, key)) {
        has_repeated = true;
        set_value(ctx, &slot->u.value, value);
    } else {
        slot = add_property(ctx, object, key, JS_PROP_C_W_E);
        slot->u.value = value;
    }
}

static JSValue parse_object(int depth)
{
    skip_space();
    if (at < text_end && *at == '}') {
        at++;
        return JS_NewObject(ctx);
    }
    JSShape **place = next_place();
    /* Held, because what is inside may take the place. Until a key differs there is no object, only its values. */
    JSShape *expected = *place ? js_dup_shape(*place) : NULL;
    size_t first = value_count;
    JSValue object = expected ? JS_UNDEFINED : JS_NewObject(ctx);
    JSValue failed = JS_UNDEFINED;
    for (;;) {
        skip_space();
        if (at >= text_end || *at++ != '"')
            break;
        size_t known = value_count - first;
        JSAtom key = JS_ATOM_NULL;
        if (JS_IsUndefined(object)) {
            if (known >= (size_t)expected->prop_count || !is_key_next(get_shape_prop(expected)[known].atom))
                object = object_so_far(expected, first);
        }
        if (!JS_IsUndefined(object) && !parse_key(&key))
            break;
        skip_space();
        if (at >= text_end || *at++ != ':') {
            JS_FreeAtom(ctx, key);
            break;
        }
        JSValue value = parse(depth);
        if (JS_IsUndefined(value) || JS_IsException(value)) {
            JS_FreeAtom(ctx, key);
            failed = value;
            break;
        }
        if (JS_IsUndefined(object)) {
            push_value(value);
        } else {
            put_member(JS_VALUE_GET_OBJ(object), key, value);
            JS_FreeAtom(ctx, key);
        }
        skip_space();
        if (at >= text_end)
            break;
        if (*at == ',') {
            at++;
            continue;
        }
        if (*at++ != '}')
            break;
        if (JS_IsUndefined(object) && value_count - first == (size_t)expected->prop_count) {
            object = object_of(expected, first);
        } else {
            if (JS_IsUndefined(object))
                object = object_so_far(expected, first);
            expect(place, JS_VALUE_GET_OBJ(object));
        }
        if (expected)
            js_free_shape(rt, expected);
        return object;
    }
    drop_values(first);
    JS_FreeValue(ctx, object);
    if (expected)
        js_free_shape(rt, expected);
    return failed;
}

static JSValue parse_array(int depth)
{
    JSValue array = JS_NewArray(ctx);
    skip_space();
    if (at < text_end && *at == ']') {
        at++;
        return array;
    }
    for (uint32_t index = 0;; index++) {
        JSValue value = parse(depth);
        if (JS_IsUndefined(value) || JS_IsException(value)) {
            JS_FreeValue(ctx, array);
            return value;
        }
        JS_DefinePropertyValueUint32(ctx, array, index, value, JS_PROP_C_W_E);
        skip_space();
        if (at >= text_end)
            break;
        if (*at == ',') {
            at++;
            continue;
        }
        if (*at++ == ']')
            return array;
        break;
    }
    JS_FreeValue(ctx, array);
    return JS_UNDEFINED;
}

static bool take(const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(text_end - at) < length || memcmp(at, word, length))
        return false;
    at += length;
    return true;
}

/* `undefined` for what is no JSON. */
static JSValue parse(int depth)
{
    skip_space();
    if (at >= text_end)
        return JS_UNDEFINED;
    switch (*at) {
    case '{':
    case '[':
        if (depth == 0) {
            is_too_deep = true;
            return JS_UNDEFINED;
        }
        return *at++ == '{' ? parse_object(depth - 1) : parse_array(depth - 1);
    case '"':
        at++;
        return parse_text();
    case 't':
        return take("true") ? JS_TRUE : JS_UNDEFINED;
    case 'f':
        return take("false") ? JS_FALSE : JS_UNDEFINED;
    case 'n':
        return take("null") ? JS_NULL : JS_UNDEFINED;
    default:
        return parse_number();
    }
}

static JSValue parse_whole(const uint8_t *text, size_t length)
{
    at = text;
    text_end = text + length;
    has_repeated = is_too_deep = false;
    JSValue value = parse(max_depth);
    skip_space();
    if (at == text_end || JS_IsUndefined(value) || JS_IsException(value))
        return value;
    JS_FreeValue(ctx, value);
    return JS_UNDEFINED;
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Appliance.Uplink.Stix;

/// <summary>JSON Canonicalization Scheme, RFC 8785: one value, one sequence of bytes.</summary>
internal static class CanonicalJson
{
    /// <summary>Deepest value written; the readers refuse deeper ones long before.</summary>
    private const int MaxDepth = 128;

    /// <summary>The canonical UTF-8 of <paramref name="value"/>.</summary>
    /// <exception cref="FormatException">The value has no canonical form: a lone surrogate, a number beyond double, a name twice.</exception>
    public static byte[] Write(JsonElement value)
    {
        var text = new StringBuilder();
        Write(text, value, 0);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>The canonical UTF-8 of a value built here.</summary>
    public static byte[] Write(JsonNode value)
    {
        using var document = JsonDocument.Parse(value.ToJsonString(), new JsonDocumentOptions { MaxDepth = MaxDepth });
        return Write(document.RootElement);
    }

    private static void Write(StringBuilder text, JsonElement value, int depth)
    {
        if (depth > MaxDepth)
            throw new FormatException("nested too deep");
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(text, value, depth);
                break;
            case JsonValueKind.Array:
                text.Append('[');
                var first = true;
                foreach (var item in value.EnumerateArray())
                {
                    if (!first)
                        text.Append(',');
                    first = false;
                    Write(text, item, depth + 1);
                }
                text.Append(']');
                break;
            case JsonValueKind.String:
                WriteString(text, Text(value));
                break;
            case JsonValueKind.Number:
                text.Append(Number(value.GetDouble()));
                break;
            case JsonValueKind.True:
                text.Append("true");
                break;
            case JsonValueKind.False:
                text.Append("false");
                break;
            case JsonValueKind.Null:
                text.Append("null");
                break;
            default:
                throw new FormatException("not a JSON value");
        }
    }

    private static void WriteObject(StringBuilder text, JsonElement value, int depth)
    {
        // Names sort by UTF-16 code units (section 3.2.3), which is what ordinal comparison of .NET strings does.
        var members = value.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal).ToArray();
        text.Append('{');
        for (var i = 0; i < members.Length; i++)
        {
            if (i > 0)
            {
                if (members[i].Name == members[i - 1].Name)
                    throw new FormatException("a name occurs twice");
                text.Append(',');
            }
            WriteString(text, members[i].Name);
            text.Append(':');
            Write(text, members[i].Value, depth + 1);
        }
        text.Append('}');
    }

    private static string Text(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException fault)
        {
            throw new FormatException("a string is not Unicode", fault);
        }
    }

    private static void WriteString(StringBuilder text, string value)
    {
        text.Append('"');
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            switch (c)
            {
                case '"': text.Append("\\\""); break;
                case '\\': text.Append("\\\\"); break;
                case '\b': text.Append("\\b"); break;
                case '\t': text.Append("\\t"); break;
                case '\n': text.Append("\\n"); break;
                case '\f': text.Append("\\f"); break;
                case '\r': text.Append("\\r"); break;
                case < ' ': text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"); break;
                default:
                    if (char.IsSurrogate(c))
                    {
                        if (!char.IsHighSurrogate(c) || i + 1 == value.Length || !char.IsLowSurrogate(value[i + 1]))
                            throw new FormatException("a string is not Unicode");
                        text.Append(c);
                        c = value[++i];
                    }
                    text.Append(c);
                    break;
            }
        }
        text.Append('"');
    }

    /// <summary>A double as ECMAScript writes it (section 3.2.2.3): shortest digits that read back, exponent from 1e21 and below 1e-6.</summary>
    public static string Number(double value)
    {
        if (!double.IsFinite(value))
            throw new FormatException("a number is beyond what JSON can say");
        if (value == 0)
            return "0";
        var round = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        var digits = new string([.. round.TakeWhile(c => c is not 'E').Where(char.IsAsciiDigit)]).TrimStart('0').TrimEnd('0');
        var point = Exponent(round) + 1;
        var sign = value < 0 ? "-" : "";
        if (point is > 0 and <= 21)
            return digits.Length <= point ? $"{sign}{digits}{new string('0', point - digits.Length)}" : $"{sign}{digits[..point]}.{digits[point..]}";
        if (point is > -6 and <= 0)
            return $"{sign}0.{new string('0', -point)}{digits}";
        var exponent = point - 1;
        var mantissa = digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}";
        return $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent)}";
    }

    /// <summary>The decimal exponent of the first significant digit of a round-trip text.</summary>
    private static int Exponent(string round)
    {
        var mark = round.IndexOf('E', StringComparison.Ordinal);
        var shift = mark < 0 ? 0 : int.Parse(round.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = mark < 0 ? round : round[..mark];
        var dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        var whole = dot < 0 ? mantissa : mantissa[..dot];
        if (whole.TrimStart('0') is { Length: > 0 } significant)
            return significant.Length - 1 + shift;
        var fraction = mantissa[(dot + 1)..];
        var zeros = fraction.TakeWhile(c => c == '0').Count();
        return -zeros - 1 + shift;
    }
}

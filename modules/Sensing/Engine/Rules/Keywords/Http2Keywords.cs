using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Http2;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>Keywords that ask for frames of an HTTP/2 stream and the numbers in them: true when one frame of the direction fits.</summary>
internal static class Http2Keywords
{
    private static void Any(RuleBuilder b, Func<Http2Side, bool> fits) =>
        b.AddTest(BufferId.Http2Test, new AppTest<Http2Transaction>((tx, toServer) => fits(tx.Side(toServer))));

    public static void FrameType(RuleBuilder b, string keyword, string? value)
    {
        string text = (value ?? "").Trim();
        int kind = Http2Names.FrameOf(text);
        if (kind < 0 && !byte.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out byte number)) throw new RuleException(keyword, $"unknown frame type \"{text}\"");
        else if (kind < 0) kind = byte.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        Any(b, side => side.Saw((byte)kind));
    }

    public static void ErrorCode(RuleBuilder b, string keyword, string? value)
    {
        string text = (value ?? "").Trim();
        int known = Http2Names.ErrorOf(text);
        uint code = known >= 0 ? (uint)known : RuleParser.Unsigned(keyword, text);
        Any(b, side => side.Errors is { } errors && errors.Exists(e => e.Code == code));
    }

    public static void Priority(RuleBuilder b, string keyword, string? value)
    {
        Numbers.Compare(keyword, value, out Comparison compare, out long first, out long second);
        Any(b, side => side.Priorities is { } weights && weights.Exists(w => Detect.ContentInspector.Compare(w, compare, first, second)));
    }

    public static void Window(RuleBuilder b, string keyword, string? value)
    {
        Numbers.Compare(keyword, value, out Comparison compare, out long first, out long second);
        Any(b, side => side.Windows is { } windows && windows.Exists(w => Detect.ContentInspector.Compare(w, compare, first, second)));
    }

    /// <summary>A new size of the header table, as a header block says it.</summary>
    public static void SizeUpdate(RuleBuilder b, string keyword, string? value)
    {
        Numbers.Compare(keyword, value, out Comparison compare, out long first, out long second);
        Any(b, side =>
        {
            for (int i = 0; i < side.Headers.Count; i++)
                if (side.Headers.KindAt(i) == HeaderKind.SizeUpdate && Detect.ContentInspector.Compare(side.Headers.SizeAt(i), compare, first, second)) return true;
            return false;
        });
    }

    /// <summary>NAME, NAME=N, NAME&lt;N and so on.</summary>
    public static void Settings(RuleBuilder b, string keyword, string? value)
    {
        string text = (value ?? "").Trim();
        int end = 0;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_')) end++;
        int id = Http2Names.SettingOf(text[..end]);
        if (id == 0 && !(int.TryParse(text[..end], System.Globalization.CultureInfo.InvariantCulture, out id) && id > 0 && id <= Http2Names.LastSetting)) throw new RuleException(keyword, $"unknown setting \"{text[..end]}\"");
        string condition = text[end..].Trim();
        if (condition.Length == 0)
        {
            Any(b, side => side.Settings is { } all && all.Exists(s => s.Id == id));
            return;
        }
        Numbers.Compare(keyword, condition, out Comparison compare, out long first, out long second);
        Any(b, side => side.Settings is { } all && all.Exists(s => s.Id == id && Detect.ContentInspector.Compare(s.Value, compare, first, second)));
    }
}

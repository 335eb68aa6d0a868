using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Appliance.Host.Answers;
using Appliance.Kernel.Backup;
using Appliance.Tests;
using Xunit;

namespace Appliance.Integration.Answers;

/// <summary>From the engineer's sheet to two machines that know each other.</summary>
public sealed class ProvisionTests
{
    private const string Header = "country,name,mail,address,language,admin,admin_name,addresses,gateways,time_servers,capture_ports,home_networks,hub_name,hub_url,size,site,contact\n";
    private const string Samplia = "SP,Samplia CIRT,cirt@samplia.example,https://cirt.samplia.example,fr,amina,Amina N.,192.0.2.10/24,192.0.2.1,192.0.2.5,eth1,198.51.100.0/24,Centre,https://hub.example/taxii2/,lite,\"Room 4, <b>Ministry</b>\",+0 123\n";
    private const string Qamar = "QM,فريق قمر,cirt@qamar.example,https://cirt.qamar.example,ar,layla,ليلى,,,,,,Centre,https://hub.example/taxii2/,standard,,\n";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_country_starts_from_its_folder_and_the_centre_lets_it_in()
    {
        await using var desk = await AnswerDesk.OpenAsync(serving: true);
        var (sheet, folder) = (Path.Combine(desk.Folder, "sheet.csv"), Path.Combine(desk.Folder, "out"));
        await File.WriteAllTextAsync(sheet, Header + Samplia + Qamar, Cancel);
        var said = await desk.SayAsync(0, "provision", sheet, "--out", folder);
        var fingerprint = said.Split("fingerprint ")[1].Split(':')[0];

        // What travels on the medium holds no secret; the card does.
        var answers = await File.ReadAllTextAsync(Path.Combine(folder, "sp", "answers.yaml"), Cancel);
        var card = await File.ReadAllTextAsync(Path.Combine(folder, "sp", "card.html"), Cancel);
        var code = card.Split("/invite/")[1].Split('<')[0];
        Assert.DoesNotContain(code, answers, StringComparison.Ordinal);
        Assert.DoesNotContain("AGE-SECRET-KEY", answers, StringComparison.Ordinal);
        Assert.Contains(fingerprint, card, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "sp", "card.html")));

        var key = Path.Combine(folder, "sp", "machine-key");
        await desk.SayAsync(0, "answers", "apply", Path.Combine(folder, "sp", "answers.yaml"), "--fingerprint", fingerprint, "--key-file", key);
        Assert.Equal("/", await desk.EnrolAsync(code, "a quiet harbour at dawn"));

        await using var centre = await HostProcess.StartAsync();
        var peers = Directory.GetFiles(Path.Combine(folder, "hub"), "*.yaml").Single();
        foreach (var _ in new[] { 1, 2 })
        {
            var (ended, output) = await centre.RunAsync("answers", "apply", peers, "--fingerprint", fingerprint);
            Assert.True(ended == 0, output);
        }
        var closed = Convert.FromBase64String(answers.Split("password: \"age:")[1].Split('"')[0]);
        var password = Encoding.UTF8.GetString(await AgeProgram.OpenAsync(await File.ReadAllTextAsync(key, Cancel), closed, Cancel) is { } open ? open : []);
        Assert.Equal(HttpStatusCode.OK, await DiscoverAsync(centre, "sp-cirt", password));
        Assert.Equal(HttpStatusCode.Unauthorized, await DiscoverAsync(centre, "qm-cirt", password));
    }

    [Fact]
    public async Task The_pages_speak_the_countrys_language_in_its_direction_and_a_cell_stays_text()
    {
        await using var desk = await AnswerDesk.OpenAsync();
        var (sheet, folder) = (Path.Combine(desk.Folder, "sheet.csv"), Path.Combine(desk.Folder, "out"));
        await File.WriteAllTextAsync(sheet, Header + Samplia + Qamar, Cancel);
        await desk.SayAsync(0, "provision", sheet, "--out", folder);

        foreach (var page in new[] { "card", "profile", "letter" })
        {
            Assert.Contains("<html lang=\"fr\" dir=\"ltr\">", await ReadAsync("sp", page), StringComparison.Ordinal);
            Assert.Contains("<html lang=\"ar\" dir=\"rtl\">", await ReadAsync("qm", page), StringComparison.Ordinal);
            Assert.DoesNotContain("provision.", await ReadAsync("qm", page), StringComparison.Ordinal);
        }
        var profile = await ReadAsync("sp", "profile");
        Assert.Contains("Room 4, &lt;b&gt;Ministry&lt;/b&gt;", profile, StringComparison.Ordinal);
        Assert.Contains("192.0.2.10/24", profile, StringComparison.Ordinal);

        Assert.Contains("a card that was printed is never made anew", await desk.SayAsync(1, "provision", sheet, "--out", folder), StringComparison.Ordinal);

        Task<string> ReadAsync(string country, string page) => File.ReadAllTextAsync(Path.Combine(folder, country, page + ".html"), Cancel);
    }

    [Fact]
    public async Task Every_fault_of_a_sheet_is_named_and_nothing_is_written()
    {
        await using var desk = await AnswerDesk.OpenAsync();
        var (sheet, folder) = (Path.Combine(desk.Folder, "sheet.yaml"), Path.Combine(desk.Folder, "out"));
        await File.WriteAllTextAsync(
            sheet,
            """
            countries:
              - { country: SP, name: Samplia, mail: nobody, address: "ftp://x", language: de, admin: a, hub_name: Centre, colour: blue }
              - { country: spx, name: S, mail: s@s.example, address: "https://s.example", language: en, admin: bob, size: huge }
              - { country: sp }
            """,
            Cancel);

        var said = await desk.SayAsync(1, "provision", sheet, "--out", folder);

        foreach (var wanted in new[] { "colour is not known", "line 2: hub_name and hub_url", "line 2: organisation.mail", "line 2: organisation.address", "line 2: organisation.language", "line 2: people[0].name", "line 3: size is 'huge'", "line 3: country is 'spx'", "line 4: sp stands in the sheet twice", "line 4: admin is missing" })
            Assert.Contains(wanted, said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    private static async Task<HttpStatusCode> DiscoverAsync(HostProcess centre, string login, string password)
    {
        using var client = centre.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(centre.Https, "/taxii2/"));
        request.Headers.Accept.ParseAdd("application/taxii+json;version=2.1");
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{login}:{password}")));
        using var answer = await client.SendAsync(request, Cancel);
        return answer.StatusCode;
    }
}
